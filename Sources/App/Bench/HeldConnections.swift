import FoundationEssentials
import Glibc
import LocalCluster

/// Connections that a load client in a process of its own holds: see `HoldConnections`.
struct HeldConnections: Sendable {
    /// From the first connection's beginning until all were welcomed, in nanoseconds of the machine's monotonic clock.
    let begin: Int64
    let end: Int64
    private let process: ChildProcess

    var meter: ProcessMeter { ProcessMeter(processID: process.processID) }

    /// Opens a connection for each of `users` and returns when all are welcomed.
    ///
    /// - Parameter atOnce: how many are being opened at the same time.
    static func open(
        _ users: some Collection<BenchUser>,
        atOnce: Int,
        to server: BenchServer,
        in directory: TemporaryDirectory
    ) async throws -> Self {
        let tokens = directory.path(of: "tokens-\(UUID().uuidString)")
        try users.map { $0.token + "\n" }.joined().write(toFile: tokens, atomically: true, encoding: .utf8)
        let process = try ChildProcess(
            executable: try ServerProcess.program(),
            arguments: [
                "hold-connections", "--port", "\(server.url.split(separator: ":").last ?? "")", "--tokens", tokens, "--at-once",
                "\(atOnce)",
            ],
            environment: ["PATH": "/usr/bin:/bin"],
            directory: directory.path
        )
        let line: String
        do {
            line = try await process.waitForLine(in: .standardOutput, "its last connection", timeout: .seconds(100)) {
                $0.hasPrefix("connected ")
            }
        } catch {
            throw BenchFailure("the load client: \(process.lines().last ?? "\(error)")")
        }
        let times = line.split(separator: " ").compactMap { Int64($0) }
        guard times.count == 2 else { throw BenchFailure("the load client says: \(line)") }
        return HeldConnections(begin: times[0], end: times[1], process: process)
    }

    /// Ends the client, and with it its connections.
    func close() async throws {
        process.send(SIGTERM)
        _ = try await process.waitForExit()
    }
}
