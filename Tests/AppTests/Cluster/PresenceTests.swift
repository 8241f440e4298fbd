import Glibc
import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("Presence is of the cluster, not of an instance", .cluster(["RATE_LIMIT": "0"]), .timeLimit(.minutes(2)))
struct PresenceTests {
    /// What an instance says of somebody's status.
    private func status(of person: Person, at base: String, to reader: Person) async throws -> String? {
        let answer = try await reader.api.at(base).call(.GET, "/api/presence?userIds=\(person.id)")
        #expect(answer.status == 200)
        return answer.json["users"].array.first?["status"].string
    }

    private func connect(_ person: Person, to base: String) async throws -> Wire {
        let wire = try await Wire.connect(to: base, token: person.token)
        try await wire.frame("WELCOME")
        return wire
    }

    @Test("Whoever watches on B hears of A's user: online, a status, offline with the last socket only")
    func watch() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let watcher = try await connect(bob, to: cluster.urlB)
        try watcher.send(["type": "PRESENCE_WATCH", "ref": "w", "userIds": [.string(ada.id), .string(bob.id)]])
        let state = try await watcher.frame("PRESENCE_STATE")
        #expect(state["ref"] == "w")
        #expect(state["users"].array.map { $0["userId"].string } == [ada.id, bob.id])
        #expect(state["users"].array.map { $0["status"].string } == ["offline", "online"])
        let first = try await connect(ada, to: cluster.urlA)
        let online = try await watcher.frame("PRESENCE") { $0["status"] == "online" }
        #expect(online["userId"].string == ada.id)
        #expect(online["lastSeen"].string != nil)
        let second = try await connect(ada, to: cluster.urlB)
        try second.send(["type": "PRESENCE_SET", "ref": "s", "status": "busy"])
        try await second.frame("ACK") { $0["ref"] == "s" }
        #expect(try await status(of: ada, at: cluster.urlA, to: bob) == "busy")
        try await watcher.frame("PRESENCE") { $0["status"] == "busy" }
        first.connection.disconnect()
        try await eventually(within: .seconds(10), "one socket left") {
            try await cluster.redis.command("SCARD", "user_sockets:\(ada.id)").contains("1")
        }
        #expect(try await status(of: ada, at: cluster.urlA, to: bob) == "busy")
        second.connection.disconnect()
        try await watcher.frame("PRESENCE") { $0["status"] == "offline" }
        #expect(watcher.frames("PRESENCE").compactMap { $0["status"].string } == ["online", "busy", "offline"])
        watcher.connection.disconnect()
    }

    @Test("HTTP answers for the whole cluster, and refuses what is too much")
    func routes() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person("routes")
        let bob = try await cluster.visitor.person()
        let wire = try await connect(ada, to: cluster.urlA)
        try await eventually(within: .seconds(10), "online on B") { try await status(of: ada, at: cluster.urlB, to: bob) == "online" }
        let api = bob.api.at(cluster.urlB)
        let online = try await api.call(.GET, "/api/presence/online?limit=500")
        #expect((online.json["count"].integer ?? 0) >= 1)
        #expect(online.json["users"].array.contains { $0["userId"].string == ada.id && $0["status"] == "online" })
        let found = try await api.call(.GET, "/api/users?q=routes")
        #expect(found.json["users"].array.first { $0["userId"].string == ada.id }?["status"] == "online")
        for query in [
            "", "?userIds=", "?userIds=x", "?userIds=\(ada.id),", "?userIds=" + Array(repeating: ada.id, count: 501).joined(separator: ","),
        ] {
            let refused = try await api.call(.GET, "/api/presence\(query)")
            #expect(refused.status == 400, "\(query.prefix(60))")
            #expect(refused.code == "BAD_REQUEST")
        }
        let many = Array(repeating: ada.id, count: 500).joined(separator: ",")
        #expect(try await api.call(.GET, "/api/presence?userIds=\(many)").json["users"].array.count == 1)
        #expect(try await api.call(.GET, "/api/presence/online?limit=501").status == 400)
        #expect(try await cluster.visitor.call(.GET, "/api/presence/online").status == 401)

        let admin = try await cluster.admin()
        let state = try await admin.at(cluster.urlB).call(.GET, "/api/admin/cluster")
        // Other tests may have an instance more in the same cluster for a while.
        let all = state.json["instances"].array
        let instances = all.filter { ["A", "B"].contains($0["instanceId"].string) }
        #expect(instances.map { $0["instanceId"].string } == ["A", "B"])
        #expect(
            instances.allSatisfy {
                $0.fields == ["instanceId", "version", "startedAt", "connections", "users", "bus", "store", "heartbeatAt"]
                    && $0["bus"] == "ok" && $0["store"] == "ok"
            }
        )
        #expect(state.json["totals"]["instances"] == .integer(Int64(all.count)))
        #expect(try await bob.api.call(.GET, "/api/admin/cluster").status == 403)
        let users = try await admin.at(cluster.urlB).call(.GET, "/api/admin/users?q=routes")
        #expect(users.json["users"].array.first { $0["userId"].string == ada.id }?["online"] == true)
        let ban = try await admin.at(cluster.urlB).call(.POST, "/api/admin/users/\(ada.id)/ban", [:])
        #expect(ban.json["otherInstances"] == ["A"])
        #expect(ban.json["closedHere"] == 0)
        #expect(try await wire.closed().code == 4003)
    }

    @Test("A stop withdraws presence and the lease")
    func drain() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let c = try await SoloServer.start(
            ["REDIS_URL": cluster.redis.url, "INSTANCE_ID": "C", "DRAIN_SECONDS": "1"],
            directory: cluster.directory
        )
        let wire = try await connect(ada, to: c.url)
        try await eventually(within: .seconds(10), "online on B") { try await status(of: ada, at: cluster.urlB, to: bob) == "online" }
        c.process.terminate()
        _ = try await wire.closed()
        #expect(try await c.process.waitForExit() == .exited(0))
        #expect(try await status(of: ada, at: cluster.urlB, to: bob) == "offline")
        #expect(try await cluster.redis.command("EXISTS", "instance:C", "instance_users:C").contains("0"))
        #expect(try await !cluster.redis.command("SMEMBERS", "instances").contains("C"))
    }

    @Test("A second process of the same id ends with status 75 and names the first")
    func duplicate() async throws {
        let cluster = try RunningCluster.current
        let second = try ServerProcess(
            environment: ["REDIS_URL": cluster.redis.url, "INSTANCE_ID": "A"],
            directory: cluster.directory
        )
        #expect(try await second.waitForExit() == .exited(75))
        #expect(second.log.contains { $0.contains("INSTANCE_ID A is in use: an instance started at") })
        #expect(!second.log.contains { $0.contains("Backend listening") })
        #expect(!second.log.contains { $0.contains("[ERROR]") })
        #expect(try await cluster.visitor.call(.GET, "/readyz").status == 200)
    }
}

@Suite("An instance that is killed leaves no ghosts", .cluster(["RATE_LIMIT": "0"]), .timeLimit(.minutes(2)))
struct GhostTests {
    @Test("Its users are offline on the other within 20 seconds, and its id can be used again")
    func killed() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let both = try await cluster.visitor.person()
        let watcher = try await Wire.connect(to: cluster.urlB, token: bob.token)
        try await watcher.frame("WELCOME")
        var wires: [Wire] = []
        for (person, base) in [(ada, cluster.urlA), (both, cluster.urlA), (both, cluster.urlB)] {
            let wire = try await Wire.connect(to: base, token: person.token)
            try await wire.frame("WELCOME")
            wires.append(wire)
        }
        try watcher.send(["type": "PRESENCE_WATCH", "userIds": [.string(ada.id), .string(both.id)]])
        try await watcher.frame("PRESENCE_STATE")
        try await eventually(within: .seconds(10), "two sockets") {
            try await cluster.redis.command("SCARD", "user_sockets:\(both.id)").contains("2")
        }
        cluster.a.kill(SIGKILL)
        let start = ContinuousClock.now
        _ = try await watcher.frame("PRESENCE") { $0["userId"].string == ada.id && $0["status"] == "offline" }
        #expect(ContinuousClock.now - start < .seconds(20))
        try await cluster.b.waitForLog(containing: "instance_reaped")
        #expect(try await !cluster.redis.command("SMEMBERS", "online_users").contains(ada.id))
        #expect(try await cluster.redis.command("SMEMBERS", "user_sockets:\(both.id)").hasPrefix("B/"))
        #expect(!watcher.frames("PRESENCE").contains { $0["userId"].string == both.id && $0["status"] == "offline" })
        let again = try await SoloServer.start(
            ["REDIS_URL": cluster.redis.url, "INSTANCE_ID": "A", "DRAIN_SECONDS": "1"],
            directory: cluster.directory
        )
        let back = try await Wire.connect(to: again.url, token: ada.token)
        try await back.frame("WELCOME")
        try await watcher.frame("PRESENCE") { $0["userId"].string == ada.id && $0["status"] == "online" }
        again.process.terminate()
        #expect(try await again.process.waitForExit() == .exited(0))
        for wire in wires + [watcher] { wire.connection.disconnect() }
    }

    @Test("Another process that takes the lease ends this one with status 75")
    func foreignToken() async throws {
        let redis = try await RedisServer.start()
        let server = try await SoloServer.start(["REDIS_URL": redis.url, "INSTANCE_ID": "A", "RATE_LIMIT": "0"])
        let ada = try await server.visitor.person()
        let wire = try await Wire.connect(to: server.url, token: ada.token)
        try await wire.frame("WELCOME")
        try await redis.command("SET", "instance:A", #"{"boot":"another","startedAt":"2026-01-08T12:00:00.000Z","host":"elsewhere"}"#)
        let close = try await wire.closed()
        #expect(close.code == 1012)
        #expect(try await server.process.waitForExit() == .exited(75))
        #expect(server.process.log.contains { $0.contains("INSTANCE_ID A is in use") })
        #expect(!server.process.log.contains { $0.contains("[ERROR]") })
        await redis.stop()
    }
}

@Suite("Redis may start again from an old snapshot", .inTurn, .timeLimit(.minutes(2)))
struct PresenceSnapshotTests {
    @Test("Who has left since is offline again, and who has come is online")
    func restart() async throws {
        let cluster = try await SpawnedCluster.start(environment: ["RATE_LIMIT": "0"])
        try await doing {
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let eve = try await cluster.visitor.person()
            let connect = { @Sendable (person: Person, base: String) in
                let wire = try await Wire.connect(to: base, token: person.token)
                try await wire.frame("WELCOME")
                return wire
            }
            let isOnline = { @Sendable (person: Person) in
                try await cluster.redis.command("SMEMBERS", "online_users").contains(person.id)
            }
            let watcher = try await connect(eve, cluster.urlB)
            try watcher.send(["type": "PRESENCE_WATCH", "userIds": [.string(ada.id), .string(bob.id)]])
            try await watcher.frame("PRESENCE_STATE")
            let adas = try await connect(ada, cluster.urlA)
            try await watcher.frame("PRESENCE") { $0["userId"].string == ada.id && $0["status"] == "online" }
            try await cluster.redis.command("SAVE")
            adas.connection.disconnect()
            try await watcher.frame("PRESENCE") { $0["userId"].string == ada.id && $0["status"] == "offline" }
            let bobs = try await connect(bob, cluster.urlA)
            try await watcher.frame("PRESENCE") { $0["userId"].string == bob.id && $0["status"] == "online" }
            try await cluster.redis.restart()
            #expect(try await isOnline(ada))
            try await eventually(within: .seconds(20), "what is so") {
                let (adaIsOnline, bobIsOnline) = (try await isOnline(ada), try await isOnline(bob))
                return !adaIsOnline && bobIsOnline
            }
            let sockets = try await cluster.redis.command("SMEMBERS", "user_sockets:\(bob.id)")
            #expect(sockets.hasPrefix("A/"))
            for wire in [watcher, bobs] { wire.connection.disconnect() }
        } finally: {
            await cluster.stop()
        }
    }
}

@Suite("What Redis has lost is put in again", .cluster(["RATE_LIMIT": "0"]), .timeLimit(.minutes(1)))
struct PresenceFlushTests {
    private func connect(_ person: Person, to base: String) async throws -> Wire {
        let wire = try await Wire.connect(to: base, token: person.token)
        try await wire.frame("WELCOME")
        return wire
    }

    @Test("Redis holds the documented keys, also after a flush")
    func keys() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let watcher = try await connect(bob, to: cluster.urlB)
        let wire = try await connect(ada, to: cluster.urlA)
        try watcher.send(["type": "PRESENCE_WATCH", "userIds": [.string(ada.id)]])
        try await watcher.frame("PRESENCE_STATE")
        for round in 0..<2 {
            try await eventually(within: .seconds(5), "the keys, round \(round)") {
                let online = try await cluster.redis.command("SMEMBERS", "online_users")
                let sockets = try await cluster.redis.command("SMEMBERS", "user_sockets:\(ada.id)")
                let users = try await cluster.redis.command("SMEMBERS", "instance_users:A")
                let instances = try await cluster.redis.command("SMEMBERS", "instances").split(separator: "\n")
                return online.contains(ada.id) && sockets.hasPrefix("A/") && users.contains(ada.id) && instances.sorted() == ["A", "B"]
            }
            let presence = try await cluster.redis.command("GET", "user_presence:\(ada.id)")
            for part in [ada.id, #""status":"online""#, #""instanceId":"A""#, "lastSeen", "username"] { #expect(presence.contains(part)) }
            if round == 0 { try await cluster.redis.command("FLUSHALL") }
        }
        try await cluster.a.waitForLog(containing: "presence_restored")
        // Nobody was told of somebody who was online all the time: the merging of changes is over by now.
        try await Task.sleep(for: .milliseconds(1_500))
        #expect(watcher.frames("PRESENCE").isEmpty)
        wire.connection.disconnect()
        watcher.connection.disconnect()
    }
}
