import FoundationEssentials

/// A Redis Cluster of three primaries with a third of the slots each, and a replica of the first one, which takes its place about two
/// seconds after it is gone.
package final class RedisClusterGroup: Sendable {
    package static let slotCount = 16_384

    package let primaries: [RedisServer]
    package let replica: RedisServer
    /// The ports on which the servers speak with each other; held as long as the group is.
    private let busPorts: [ReservedPort]

    /// Starts all of them and returns when each knows the others and all slots are served.
    ///
    /// - Parameter options: of each server.
    package init(_ options: RedisServer.Options = RedisServer.Options()) async throws {
        var servers: [RedisServer] = []
        var busPorts: [ReservedPort] = []
        for _ in 0..<4 {
            let busPort = try ReservedPort()
            var options = options
            options.arguments += [
                "--cluster-enabled", "yes", "--cluster-port", "\(busPort.number)", "--cluster-node-timeout", "1000",
                "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0",
            ]
            servers.append(try await RedisServer.start(options))
            busPorts.append(busPort)
        }
        primaries = Array(servers.prefix(3))
        replica = servers[3]
        self.busPorts = busPorts
        try await assignSlots()
        for (server, port) in zip(servers, busPorts).dropFirst() {
            try await primaries[0].command("CLUSTER", "MEET", "127.0.0.1", "\(server.port)", "\(port.number)")
        }
        try await waitUntilEachKnows(nodes: servers.count)
        let first = try await primaries[0].command("CLUSTER", "MYID")
        try await replica.command("CLUSTER", "REPLICATE", first)
        try await Poll.until("a replica that is connected") {
            try await self.primaries[0].command("INFO", "replication").contains("state=online")
        }
    }

    /// The primaries' addresses as a URL has them.
    package var hosts: String {
        primaries.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    }

    /// Moves a slot with what is in it from the primary that has it to another, as `redis-cli --cluster reshard` does it.
    package func move(slot: Int, from source: RedisServer, to target: RedisServer) async throws {
        let sourceID = try await source.command("CLUSTER", "MYID")
        let targetID = try await target.command("CLUSTER", "MYID")
        try await target.command("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", sourceID)
        try await source.command("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", targetID)
        let keys = try await source.command("CLUSTER", "GETKEYSINSLOT", "\(slot)", "1000").split(separator: "\n").map(String.init)
        if !keys.isEmpty {
            _ = try await source.command(["MIGRATE", "127.0.0.1", "\(target.port)", "", "0", "5000", "KEYS"] + keys)
        }
        // The new one first, so that at no time nobody has the slot.
        let others = primaries.filter { $0 !== target }
        for server in [target] + others {
            try await server.command("CLUSTER", "SETSLOT", "\(slot)", "NODE", targetID)
        }
    }

    /// Ends all of them.
    package func stop() async {
        for server in primaries + [replica] { await server.stop() }
    }

    private func assignSlots() async throws {
        for (index, server) in primaries.enumerated() {
            let first = index * Self.slotCount / primaries.count
            let last = (index + 1) * Self.slotCount / primaries.count - 1
            try await server.command("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)")
        }
        // Epochs that differ, so that the servers needn't settle it among themselves first.
        for (index, server) in primaries.enumerated() { try await server.command("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)") }
    }

    private func waitUntilEachKnows(nodes: Int) async throws {
        for server in primaries + [replica] {
            try await Poll.until("a cluster of \(nodes) servers") {
                let information = try await server.command("CLUSTER", "INFO")
                return information.contains("cluster_state:ok") && information.contains("cluster_known_nodes:\(nodes)")
                    && information.contains("cluster_slots_ok:\(Self.slotCount)")
            }
        }
    }
}
