import Glibc
import LocalCluster
import NIOCore
import NIOPosix

/// A server that is measured: quiet, without a rate limit, with its own memory and processor time.
struct BenchServer: Sendable {
    let process: ServerProcess
    let url: String
    var meter: ProcessMeter { ProcessMeter(processID: process.processID) }

    /// Starts an instance and returns when it listens.
    ///
    /// - Parameters:
    ///   - name: its instance id.
    ///   - database: where it keeps its data.
    ///   - redis: nil for none.
    ///   - environment: besides what every measured server gets.
    static func start(
        _ name: String,
        in database: BenchDatabase,
        redis: RedisServer? = nil,
        environment own: [String: String] = [:]
    ) async throws -> BenchServer {
        let port = try ReservedPort()
        var environment = [
            "INSTANCE_ID": name, "PORT": "\(port.number)", "LOG_LEVEL": "notice", "RATE_LIMIT": "0", "DRAIN_SECONDS": "1",
            "DB_URI": database.uri,
        ]
        environment.merge(own) { _, new in new }
        if let redis { environment["REDIS_URL"] = redis.url }
        for name in passedOn {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        let process = try ServerProcess(environment: environment, directory: database.directory)
        try await waitUntilListening(port.number) { process.log }
        return BenchServer(process: process, url: "http://127.0.0.1:\(port.number)")
    }

    /// Tries to connect, as the line that says so isn't logged at this level.
    static func waitUntilListening(_ port: Int, log: () -> [String]) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        while ContinuousClock.now < deadline {
            if let channel = try? await bootstrap.connect(host: "127.0.0.1", port: port).get() {
                try await channel.close()
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw BenchFailure("the server doesn't listen: \(log().suffix(3).joined(separator: " "))")
    }

    /// Ends the instance and returns when it has ended.
    func stop() async throws {
        process.terminate()
        let exit = try await process.waitForExit(timeout: .seconds(20))
        guard exit == .exited(0) else {
            throw BenchFailure("the server ended with \(exit): \(process.log.suffix(3).joined(separator: " "))")
        }
    }

    /// For comparisons: another allocator, another number of arenas.
    private static let passedOn = ["LD_PRELOAD", "MALLOC_ARENA_MAX", "MALLOC_CONF", "GLIBC_TUNABLES"]
}
