import FoundationEssentials
import Glibc
import LocalCluster

/// What images hold, and what the server of each takes while nobody is connected: the Dockerfile's, beside those of other servers.
struct ImageBenchmark: Sendable {
    /// Where `scripts/bench` has had them made.
    let folder: String

    private static let megabyte = 1_000_000.0

    private struct Image: Decodable, Sendable {
        let name: String
        /// What is in its files.
        let bytes: Int
        /// A command that becomes its server; variables and arguments follow.
        let start: [String]

        var isOwn: Bool { name == "switchboard" }
    }

    func run() async throws -> [Figure] {
        let images = try JSONDecoder().decode([Image].self, from: Data(contentsOf: URL(filePath: "\(folder)/images.json")))
        var figures: [Figure] = []
        for image in images {
            let scenario = image.isOwn ? "image" : "image \(image.name)"
            let resident = try await idleResidentBytes(of: image)
            figures += [
                Figure(
                    scenario,
                    "everything in it, unpacked",
                    Double(image.bytes) / Self.megabyte,
                    "MB",
                    goal: image.isOwn ? .atMost(120) : nil
                ),
                Figure(
                    scenario,
                    "memory of the idle server",
                    Double(resident) / Self.megabyte,
                    "MB",
                    goal: image.isOwn ? .atMost(40) : nil
                ),
            ]
        }
        return figures
    }

    private func idleResidentBytes(of image: Image) async throws -> Int {
        guard !image.isOwn else { return try await idleResidentBytes(of: image, Self.variables) }
        let redis = try await RedisServer.start()
        return try await doing {
            try await idleResidentBytes(of: image) { port in ["--", "\(port)", redis.url] }
        } finally: {
            await redis.stop()
        }
    }

    /// What the idle scenario's server gets; the database is where the image has it.
    private static func variables(port: Int) -> [String] {
        let own = [
            "HOST": "127.0.0.1", "PORT": "\(port)", "JWT_SECRET": ServerProcess.tokenSecret, "INSTANCE_ID": "bench", "LOG_LEVEL": "notice",
            "RATE_LIMIT": "0", "DRAIN_SECONDS": "1",
        ]
        return own.flatMap { ["-e", "\($0)=\($1)"] }
    }

    private func idleResidentBytes(of image: Image, _ arguments: (_ port: Int) -> [String]) async throws -> Int {
        let port = try ReservedPort()
        // What starts it becomes the server, with the same process id.
        let process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: image.start + arguments(port.number),
            environment: ["PATH": ToolRun.searchPath],
            directory: folder
        )
        try await BenchServer.waitUntilListening(port.number) { process.lines() }
        let resident = try await ProcessMeter(processID: process.processID).settledResidentBytes()
        process.send(image.isOwn ? SIGTERM : SIGKILL)
        let exit = try await process.waitForExit()
        guard !image.isOwn || exit == .exited(0) else {
            throw BenchFailure("the image's server ended with \(exit): \(process.lines().suffix(3).joined(separator: " "))")
        }
        return resident
    }
}
