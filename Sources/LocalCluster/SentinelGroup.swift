import FoundationEssentials
import Glibc

/// A primary, a replica of it, and three sentinels who make the replica the primary about a second after the primary is gone.
package final class SentinelGroup: Sendable {
    /// What the group is called.
    package static let name = "main"
    private static let quorum = 2

    package let primary: RedisServer
    package let replica: RedisServer
    private let sentinels: [Sentinel]

    /// Starts all of them and returns when each sentinel knows the others and the replica.
    ///
    /// - Parameter sentinelPassword: asked by the sentinels; nil for none.
    package init(sentinelPassword: String? = nil) async throws {
        primary = try await RedisServer.start()
        var options = RedisServer.Options()
        options.arguments = ["--replicaof", "127.0.0.1", "\(primary.port)"]
        replica = try await RedisServer.start(options)
        var sentinels: [Sentinel] = []
        for _ in 0..<3 {
            sentinels.append(try await Sentinel(of: primary, quorum: Self.quorum, password: sentinelPassword))
        }
        self.sentinels = sentinels
        for sentinel in sentinels { try await sentinel.waitUntilItKnows(replicas: 1, sentinels: sentinels.count - 1) }
    }

    /// The sentinels' addresses as a URL has them.
    package var hosts: String {
        sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    }

    /// Ends all of them.
    package func stop() async {
        for sentinel in sentinels { await sentinel.stop() }
        await replica.stop()
        await primary.stop()
    }
}

/// One `redis-server --sentinel` on a free port.
private final class Sentinel: Sendable {
    private let reserved: ReservedPort
    private let directory: TemporaryDirectory
    private let password: String?
    private let process: ChildProcess

    init(of primary: RedisServer, quorum: Int, password: String?) async throws {
        reserved = try ReservedPort()
        directory = try TemporaryDirectory()
        self.password = password
        var lines = [
            "port \(reserved.number)", "bind 127.0.0.1", "dir \(directory.path)",
            "sentinel monitor \(SentinelGroup.name) 127.0.0.1 \(primary.port) \(quorum)",
            "sentinel down-after-milliseconds \(SentinelGroup.name) 1000",
            "sentinel failover-timeout \(SentinelGroup.name) 5000",
        ]
        if let password { lines += ["requirepass \(password)", "sentinel sentinel-pass \(password)"] }
        // Sentinel writes into its file what it learns.
        let file = directory.path(of: "sentinel.conf")
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: ["redis-server", file, "--sentinel"],
            environment: ["PATH": ToolRun.searchPath],
            directory: directory.path
        )
        _ = try await process.waitForLine(in: .standardOutput, "its watching") { $0.contains("+monitor master") }
    }

    var port: Int { reserved.number }

    func waitUntilItKnows(replicas: Int, sentinels: Int) async throws {
        try await Poll.until("a sentinel that knows the others and the replica") {
            let fields = try await command("SENTINEL", "MASTER", SentinelGroup.name).split(separator: "\n").map(String.init)
            func value(_ name: String) -> Int? {
                fields.firstIndex(of: name).flatMap { Int(fields[$0 + 1]) }
            }
            return value("num-slaves") == replicas && value("num-other-sentinels") == sentinels
        }
    }

    func stop() async {
        process.send(SIGKILL)
        _ = try? await process.waitForExit()
    }

    private func command(_ arguments: String...) async throws -> String {
        var all = ["--no-auth-warning", "-p", "\(port)"]
        if let password { all += ["-a", password] }
        return try await ToolRun.output(of: "redis-cli", all + arguments, in: directory)
    }
}
