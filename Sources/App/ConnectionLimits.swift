import Glibc

/// How many connections an instance can take with the file descriptors that the system gives it.
struct ConnectionLimits: Hashable, Sendable {
    /// For Redis, files, SQLite, and whatever else is no client's, beside what the settings and the machine make of the store and the loops.
    private static let reserved = 128
    /// What an event loop holds, with a margin.
    private static let forLoop = 4
    /// Sockets for HTTP beside the live connections.
    private static let forHTTP = 1_024

    /// Live connections at once.
    let connections: Int
    /// Sockets of clients at once, of any kind.
    let sockets: Int

    /// - Parameters:
    ///   - files: descriptors that the process may have.
    ///   - wanted: `MAX_CONNECTIONS`.
    ///   - poolSize: `DB_POOL_SIZE`: so many connections to the store at once.
    ///   - loops: event loops of the process.
    init(files: Int, wanted: Int?, poolSize: Int, loops: Int) {
        let reserved = Self.reserved + poolSize + Self.forLoop * loops
        let available = max(2, files - min(reserved, files / 2))
        let possible = max(1, available - min(Self.forHTTP, available / 4))
        connections = min(wanted ?? possible, possible)
        sockets = min(available, connections + Self.forHTTP)
    }
}

/// The system's limit of file descriptors.
struct FileLimit: Hashable, Sendable {
    /// What the process was given at its start.
    let before: Int
    /// What it may have now.
    let now: Int

    /// Raises the limit to the highest that the process may have by itself: each connection is a descriptor.
    static func raise() -> FileLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return FileLimit(before: 1_024, now: 1_024) }
        let before = Int(clamping: limit.rlim_cur)
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return FileLimit(before: before, now: before) }
        return FileLimit(before: before, now: Int(clamping: limit.rlim_cur))
    }
}
