import FoundationEssentials
import Glibc

/// A real server: the built program, with a database file of its own unless another is named.
package final class ServerProcess: Sendable {
    /// What tokens of test servers are signed with.
    package static let tokenSecret = "a secret of test servers, long enough for HS256"

    package let directory: TemporaryDirectory
    private let process: ChildProcess

    /// Starts the program with `serve`, or with other arguments.
    ///
    /// - Parameters:
    ///   - environment: set besides what every test server gets (a free port, a database file in `directory`, cheap password hashes,
    ///     a token secret), and instead of it where the names are the same; an empty value unsets.
    ///   - arguments: what the program is called with.
    ///   - directory: where it runs and keeps its database; servers that are to share one get the same.
    package init(
        environment: [String: String] = [:],
        arguments: [String] = ["serve"],
        directory: TemporaryDirectory? = nil
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        let own = [
            "PATH": "/usr/bin:/bin",
            "HOME": directory.path,
            "NODE_ENV": "test",
            "PORT": "0",
            "DB_URI": "sqlite:\(directory.path(of: "switchboard.db"))",
            "JWT_SECRET": Self.tokenSecret,
            "SCRYPT_LOG_N": "4",
            "LOG_LEVEL": "debug",
            // What a process of the same id has left behind in shared memory would have libmongoc warn on standard error.
            "MONGOC_DISABLE_SHM": "1",
        ]
        self.directory = directory
        process = try ChildProcess(
            executable: try Self.program(),
            arguments: arguments,
            environment: own.merging(environment) { _, new in new }.filter { !$0.value.isEmpty },
            directory: directory.path
        )
    }

    package var processID: Int32 { process.processID }

    /// What the server has logged so far.
    package var log: [String] { process.lines(of: .standardError) }

    /// What a command has printed so far.
    package var output: [String] { process.lines(of: .standardOutput) }

    /// Waits for a log line that holds `text`, one that is there already included.
    @discardableResult
    package func waitForLog(containing text: String, timeout: Duration = .seconds(30)) async throws -> String {
        try await process.waitForLine("a line with \(text)", timeout: timeout) { $0.contains(text) }
    }

    /// Waits for a log line that satisfies `condition`.
    @discardableResult
    package func waitForLog(
        _ what: String,
        timeout: Duration = .seconds(30),
        where condition: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        try await process.waitForLine(what, timeout: timeout, where: condition)
    }

    /// Waits until `text` has come in as many log lines.
    package func waitForLog(occurrences: Int, of text: String, timeout: Duration = .seconds(30)) async throws {
        _ = try await process.waitForLine(occurrences, "\(occurrences) lines with \(text)", timeout: timeout) { $0.contains(text) }
    }

    /// Where the server listens, once it does: `http://localhost:8000`.
    package func url(timeout: Duration = .seconds(30)) async throws -> String {
        let mark = "Backend listening on "
        let line = try await waitForLog(containing: mark, timeout: timeout)
        guard let start = line.firstRange(of: mark)?.upperBound else { throw ChildProcessError("no address in \(line)") }
        return String(line[start...].prefix { $0 != " " })
    }

    /// Asks the server to stop, as an operator would.
    package func terminate() {
        process.send(SIGTERM)
    }

    /// Sends any signal, such as SIGKILL or SIGSTOP.
    package func kill(_ signal: Int32) {
        process.send(signal)
    }

    /// Waits until the program has ended and all its lines are here.
    package func waitForExit(timeout: Duration = .seconds(30)) async throws -> ProcessRecord.Exit {
        try await process.waitForExit(timeout: timeout)
    }

    /// The program beside the running one, or the running one itself: tests and program are products of one build.
    package static func program() throws -> String {
        let running = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = running[..<(running.lastIndex(of: "/") ?? running.startIndex)]
        let program = "\(folder)/switchboard"
        guard access(program, X_OK) == 0 else { throw ChildProcessError("\(program) is not there: build it first") }
        return program
    }
}
