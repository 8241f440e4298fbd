import Glibc

/// How many connections an instance can take with the file descriptors that the system gives it.
struct ConnectionLimits: Hashable, Sendable {
    /// For the store, Redis, files, and whatever else is no client's.
    private static let reserved = 256
    /// Sockets for HTTP beside the live connections.
    private static let forHTTP = 1_024

    /// Live connections at once.
    let connections: Int
    /// Sockets of clients at once, of any kind.
    let sockets: Int

    /// - Parameters:
    ///   - files: descriptors that the process may have.
    ///   - wanted: `MAX_CONNECTIONS`.
    init(files: Int, wanted: Int?) {
        let available = max(2, files - min(Self.reserved, files / 4))
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
