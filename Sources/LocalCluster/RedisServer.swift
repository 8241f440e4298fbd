import Glibc
import Synchronization

/// A real `redis-server` on a free port of the loopback address, with a directory of its own that goes with it.
package final class RedisServer: Sendable {
    /// How the server is started.
    package struct Options: Sendable {
        /// Asked of the default user; nil for none.
        package var password: String?
        /// Rules of further users as `ACL SETUSER` takes them, `alice on >secret ~* &* +@all` for instance.
        package var users: [String] = []
        /// Listens with TLS, with a certificate of an authority made for it, instead of without.
        package var usesTLS = false
        /// The names and addresses in the certificate.
        package var certificateNames = "DNS:localhost,IP:127.0.0.1"
        /// Listens on a Unix domain socket too.
        package var usesSocket = false
        /// Further arguments, `["--maxclients", "8"]` for instance.
        package var arguments: [String] = []

        package init() {}
    }

    private struct State {
        var process: ChildProcess?
    }

    package var port: Int { reserved.number }
    package let directory: TemporaryDirectory
    private let reserved: ReservedPort
    private let options: Options
    private let state = Mutex(State())

    private init(port: ReservedPort, directory: TemporaryDirectory, options: Options) {
        reserved = port
        self.directory = directory
        self.options = options
    }

    /// Starts a server and returns when it accepts connections.
    ///
    /// - Parameter port: nil for one of its own.
    package static func start(_ options: Options = Options(), port: ReservedPort? = nil) async throws -> RedisServer {
        let directory = try TemporaryDirectory()
        let server = RedisServer(port: try port ?? ReservedPort(), directory: directory, options: options)
        if options.usesTLS { try await TestCertificates.make(in: directory, names: options.certificateNames) }
        try await server.launch()
        return server
    }

    /// Where clients find it; without credentials.
    package var url: String {
        options.usesTLS ? "rediss://localhost:\(port)" : "redis://127.0.0.1:\(port)"
    }

    package var socketPath: String { directory.path(of: "redis.sock") }

    /// The certificate of the authority that signed the server's; there is one with TLS only.
    package var caFile: String { directory.path(of: "ca.crt") }

    package var processIdentifier: Int32? {
        state.withLock { $0.process?.processID }
    }

    /// Sends a signal, and returns when the process has ended where the signal ends it.
    package func kill(_ signal: Int32 = SIGKILL) async {
        guard let process = state.withLock({ $0.process }) else { return }
        process.send(signal)
        guard signal != SIGSTOP, signal != SIGCONT else { return }
        // A stopped process takes no other signal than this before it goes on.
        process.send(SIGCONT)
        _ = try? await process.waitForExit()
        state.withLock { $0.process = nil }
    }

    /// Freezes the process: it still has its connections and answers nothing.
    package func pause() {
        state.withLock { $0.process?.send(SIGSTOP) }
    }

    package func resume() {
        state.withLock { $0.process?.send(SIGCONT) }
    }

    /// Ends the process where it runs and starts it on the same port, with what `SAVE` has saved.
    package func restart() async throws {
        await kill(SIGKILL)
        try await launch()
    }

    /// Ends the process.
    package func stop() async {
        await kill(SIGKILL)
    }

    /// Runs one command with `redis-cli` and returns what it prints.
    @discardableResult
    package func command(_ arguments: String...) async throws -> String {
        try await command(arguments)
    }

    /// As the other.
    package func command(_ arguments: [String]) async throws -> String {
        var all = ["--no-auth-warning"]
        if options.usesTLS {
            all += ["-h", "localhost", "-p", "\(port)", "--tls", "--cacert", caFile]
        } else {
            all += ["-h", "127.0.0.1", "-p", "\(port)"]
        }
        if let password = options.password { all += ["-a", password] }
        return try await ToolRun.output(of: "redis-cli", all + arguments, in: directory)
    }

    private func launch() async throws {
        let process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: ["redis-server"] + arguments(),
            environment: ["PATH": ToolRun.searchPath],
            directory: directory.path
        )
        _ = try await process.waitForLine(in: .standardOutput, "its being ready") { $0.contains("Ready to accept connections") }
        state.withLock { $0.process = process }
    }

    private func arguments() -> [String] {
        var arguments = ["--bind", "127.0.0.1", "--daemonize", "no", "--save", "", "--appendonly", "no"]
        arguments += ["--dir", directory.path]
        if options.usesTLS {
            let path = { (name: String) in self.directory.path(of: name) }
            arguments += ["--port", "0", "--tls-port", "\(port)", "--tls-auth-clients", "no"]
            arguments += ["--tls-ca-cert-file", caFile, "--tls-cert-file", path("server.crt"), "--tls-key-file", path("server.key")]
        } else {
            arguments += ["--port", "\(port)"]
        }
        if options.usesSocket { arguments += ["--unixsocket", socketPath] }
        if let password = options.password { arguments += ["--requirepass", password] }
        for user in options.users { arguments += ["--user"] + user.split(separator: " ").map(String.init) }
        return arguments + options.arguments
    }
}
