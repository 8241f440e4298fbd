import Actors
import LocalCluster
import Transport

/// The servers with a test's presence, as `redis-cli` sees them.
struct PresencePlace: Sendable {
    let layout: PresenceLayout
    let servers: [RedisServer]
    let group: RedisClusterGroup?

    /// Where the bus finds it.
    var url: String {
        group.map { "redis+cluster://\($0.hosts)" } ?? servers[0].url
    }

    /// The key of something of a user.
    func key(_ name: String, _ user: PresentUser) -> String {
        layout == .single ? "\(name):\(user.userID)" : "\(name):{\(user.userID)}"
    }

    /// Runs one command where its key is.
    @discardableResult
    func command(_ arguments: String...) async throws -> String {
        try await servers[0].command((group == nil ? [] : ["-c"]) + arguments)
    }

    /// Runs a command on every server.
    func commandEverywhere(_ arguments: String...) async throws {
        for server in servers { _ = try await server.command(arguments) }
    }

    /// The members of a set, in order.
    func members(_ key: String) async throws -> [String] {
        try await command("SMEMBERS", key).split(separator: "\n").map(String.init).filter { !$0.isEmpty }.sorted()
    }

    /// What is stored under a key; empty for nothing.
    func text(_ key: String) async throws -> String {
        try await command("GET", key).split(separator: "\n").first.map(String.init) ?? ""
    }

    func exists(_ key: String) async throws -> Bool {
        try await command("EXISTS", key).contains("1")
    }

    /// Ends the test's own server, or leaves the cluster as it was found.
    func stop() async {
        if group != nil {
            try? await commandEverywhere("FLUSHALL")
        } else {
            for server in servers { await server.stop() }
        }
    }
}
