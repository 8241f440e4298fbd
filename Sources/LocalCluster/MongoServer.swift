import FoundationEssentials
import Glibc
import Synchronization

/// A real server of MongoDB's wire protocol for tests: the one that `TEST_MONGODB_URI` names, or else one of its own on a free port of
/// the loopback address, `mongod` from PATH or SecantusDB (https://pypi.org/project/secantusdb/) from the environment that
/// `scripts/test` makes.
package final class MongoServer: Sendable {
    /// Without a database; it may hold a password.
    package let uri: String
    /// Nil where the server was there before.
    package let directory: TemporaryDirectory?
    /// 0 for a server that is given.
    package var port: Int { reserved?.number ?? 0 }
    private let reserved: ReservedPort?
    private let survivesKill: Bool
    private let process = Mutex<ChildProcess?>(nil)

    private init(uri: String, port: ReservedPort? = nil, survivesKill: Bool = true, directory: TemporaryDirectory? = nil) {
        self.uri = uri
        self.survivesKill = survivesKill
        reserved = port
        self.directory = directory
    }

    /// Starts a server, or finds the given one, and returns when it accepts connections.
    ///
    /// - Parameters:
    ///   - ownOnly: leaves `TEST_MONGODB_URI` alone, for tests that end the server, freeze it or make it fail.
    ///   - survivesKill: what it has acknowledged is on disk; SecantusDB does that only when told, since it costs time.
    package static func start(ownOnly: Bool = false, survivesKill: Bool = false) async throws -> MongoServer {
        if !ownOnly, let given = ProcessInfo.processInfo.environment["TEST_MONGODB_URI"], !given.isEmpty {
            return MongoServer(uri: given)
        }
        let port = try ReservedPort()
        let server = MongoServer(
            uri: "mongodb://127.0.0.1:\(port.number)/",
            port: port,
            survivesKill: survivesKill,
            directory: try TemporaryDirectory()
        )
        try await server.launch()
        return server
    }

    /// Whether `start` would find a server that is there or that it can start.
    package static var isAvailable: Bool {
        if let given = ProcessInfo.processInfo.environment["TEST_MONGODB_URI"], !given.isEmpty { return true }
        return (try? program()) != nil
    }

    /// The connection string with a database.
    ///
    /// - Parameter options: `retryWrites=false` for instance.
    package func uri(database: String, options: String = "") -> String {
        Self.uri(uri, database: database, options: options)
    }

    /// `uri` with another database, and further options.
    package static func uri(_ uri: String, database: String, options: String = "") -> String {
        let scheme = uri.firstRange(of: "://").map { String(uri[..<$0.upperBound]) } ?? ""
        let rest = uri.dropFirst(scheme.count)
        let hosts = rest.prefix { $0 != "/" && $0 != "?" }
        let given = rest.firstIndex(of: "?").map { String(rest[rest.index(after: $0)...]) } ?? ""
        let all = [given, options].filter { !$0.isEmpty }.joined(separator: "&")
        return "\(scheme)\(hosts)/\(database)\(all.isEmpty ? "" : "?")\(all)"
    }

    /// Ends the process where it runs and starts it on the same port with the same data.
    package func restart() async throws {
        await kill()
        try await launch()
    }

    /// Sends a signal; returns when the process has ended where the signal ends it.
    package func kill(_ signal: Int32 = SIGKILL) async {
        guard let process = process.withLock({ $0 }) else { return }
        process.send(signal)
        guard signal != SIGSTOP, signal != SIGCONT else { return }
        process.send(SIGCONT)
        _ = try? await process.waitForExit()
        self.process.withLock { $0 = nil }
    }

    /// Freezes the process: it still has its connections and answers nothing.
    package func pause() {
        process.withLock { $0?.send(SIGSTOP) }
    }

    package func resume() {
        process.withLock { $0?.send(SIGCONT) }
    }

    /// Ends the process.
    package func stop() async {
        await kill()
    }

    /// Nil where the server was there before, or is down.
    package var processIdentifier: Int32? {
        process.withLock { $0?.processID }
    }

    private func launch() async throws {
        guard let directory else { throw ChildProcessError("the server of TEST_MONGODB_URI is not ours to start") }
        let data = directory.path(of: "data")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let program = try Self.program()
        var arguments = ["--port", "\(port)"]
        let isReady: @Sendable (String) -> Bool
        if program.hasSuffix("mongod") {
            arguments += ["--dbpath", data, "--bind_ip", "127.0.0.1", "--setParameter", "enableTestCommands=1"]
            isReady = { $0.contains("Waiting for connections") }
        } else {
            arguments += ["--host", "127.0.0.1", "--storage-path", data, "--enable-test-commands", "--cache-size", "128M"]
            if survivesKill { arguments.append("--sync-on-commit") }
            isReady = { $0.contains("listening on") }
        }
        let child = try ChildProcess(
            executable: program,
            arguments: arguments,
            environment: ["PATH": ToolRun.searchPath, "HOME": directory.path],
            directory: directory.path
        )
        let stream: ProcessRecord.Stream = program.hasSuffix("mongod") ? .standardOutput : .standardError
        _ = try await child.waitForLine(in: stream, "its being ready", timeout: .seconds(60), where: isReady)
        process.withLock { $0 = child }
    }

    private static func program() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let inPath = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/mongod" }
        let here = FileManager.default.currentDirectoryPath
        let candidates = inPath + [environment["SECANTUSD"], "\(here)/.venv/bin/secantusd-py"].compactMap { $0 }
        guard let program = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw ChildProcessError("no MongoDB: set TEST_MONGODB_URI, put mongod into PATH, or run scripts/test, which makes .venv")
        }
        return program
    }
}
