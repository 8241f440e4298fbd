import Actors
import FoundationEssentials
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("Presence in Redis is as documented, key by key", .fewAtOnce, .timeLimit(.minutes(1)))
struct RedisPresenceTests {
    private let one = ConnectionID(1)
    private let two = ConnectionID(2)

    private struct Stored: Decodable {
        let userId: String
        let username: String
        let avatar: String?
        let status: String
        let lastSeen: String
        let instanceId: String
    }

    private func stored(_ user: PresentUser, in place: PresencePlace) async throws -> Stored {
        let text = try await place.text(place.key("user_presence", user))
        return try JSONDecoder().decode(Stored.self, from: Data(text.utf8))
    }

    @Test("Online writes the keys with their expiry, offline empties them", arguments: PresenceServers.own)
    func keys(_ servers: PresenceServers) async throws {
        try await servers.withInstance(expiry: .seconds(1_000)) { place, a in
            let ada = PresentUser.sample("ada \"quoted\" 😀", avatar: "https://example.org/ä?\"status\":\"busy\"")
            let first = try await a.directory.setUserOnline(ada, connection: one)
            #expect(first.isTurningPoint)
            #expect(first.status == .online)
            #expect(abs(first.at.milliseconds - Int64(Date().timeIntervalSince1970 * 1_000)) < 60_000)
            #expect(try await !a.directory.setUserOnline(ada, connection: two).isTurningPoint)
            #expect(try await place.members("online_users") == [ada.userID.description])
            #expect(try await place.members(place.key("user_sockets", ada)) == ["A/1", "A/2"])
            #expect(try await place.members("instance_users:A") == [ada.userID.description])
            let presence = try await stored(ada, in: place)
            #expect(presence.userId == ada.userID.description)
            #expect(presence.username == ada.username)
            #expect(presence.avatar == ada.avatar)
            #expect(presence.status == "online")
            #expect(Timestamp(presence.lastSeen) != nil)
            #expect(presence.instanceId == "A")
            for key in ["user_presence", "user_sockets"] {
                let left = Int(try await place.command("TTL", place.key(key, ada)).filter(\.isNumber)) ?? 0
                #expect((990...1_000).contains(left))
            }
            #expect(try await a.directory.socketCount(of: ada.userID) == 2)
            #expect(try await !a.directory.setUserOffline(ada, connection: one, isLastHere: false).isTurningPoint)
            let last = try await a.directory.setUserOffline(ada, connection: two, isLastHere: true)
            #expect(last.isTurningPoint)
            #expect(try await place.members("online_users") == [])
            #expect(try await place.command("EXISTS", place.key("user_sockets", ada)).contains("0"))
            #expect(try await place.members("instance_users:A") == [])
            #expect(try await stored(ada, in: place).status == "offline")
            #expect(try await a.directory.userPresence([ada.userID])[ada.userID]?.status == .offline)
        }
    }

    @Test(
        "Over two instances the first and the last socket count, and the presence names one that holds a socket",
        arguments: PresenceServers.own
    )
    func twoInstances(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            let ada = PresentUser.sample(avatar: "https://example.org/a")
            #expect(try await a.directory.setUserOnline(ada, connection: one).isTurningPoint)
            let status = try await a.directory.update([.status(ada, .busy), .status(ada, .busy)])
            #expect(status.map { $0?.isTurningPoint } == [true, false])
            let second = try await b.directory.setUserOnline(ada, connection: one)
            #expect(!second.isTurningPoint)
            #expect(second.status == .busy)
            #expect(try await a.directory.instances(of: ada.userID) == ["A", "B"])
            #expect(try await !b.directory.setUserOffline(ada, connection: one, isLastHere: true).isTurningPoint)
            let left = try await stored(ada, in: place)
            #expect(left.instanceId == "A")
            #expect(left.status == "busy")
            #expect(left.avatar == ada.avatar)
            #expect(try await a.directory.setUserOffline(ada, connection: one, isLastHere: true).isTurningPoint)
            #expect(try await a.directory.setUserOnline(ada, connection: two).status == .online)
        }
    }

    @Test("Every one of 200 concurrent comings and goings on two instances has one first and one last", arguments: PresenceServers.own)
    func race(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            let ada = PresentUser.sample()
            let online = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    let directory = index.isMultiple(of: 2) ? a.directory : b.directory
                    group.addTask { try await directory.setUserOnline(ada, connection: ConnectionID(UInt64(index))).isTurningPoint }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(online == 1)
            #expect(try await a.directory.socketCount(of: ada.userID) == 200)
            let offline = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    let directory = index.isMultiple(of: 2) ? a.directory : b.directory
                    group.addTask {
                        try await directory.setUserOffline(ada, connection: ConnectionID(UInt64(index)), isLastHere: false)
                            .isTurningPoint
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(offline == 1)
            #expect(try await place.members("online_users") == [])
        }
    }

    @Test("All users of an instance are listed, page by page; what else is stored there is nobody", arguments: PresenceServers.own)
    func listed(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            #expect(try await a.directory.listedUsers().isEmpty)
            let users = (0..<2_000).map { PresentUser.sample("user-\($0)") }
            _ = try await a.directory.update(users.map { .online($0, [one], status: .online) })
            _ = try await b.directory.setUserOnline(.sample("bob"), connection: one)
            #expect(try await Set(a.directory.listedUsers()) == Set(users.map(\.userID)))
            try await place.command("DEL", "instance_users:A")
            try await place.command("SET", "instance_users:A", "something else")
            #expect(try await a.directory.listedUsers().isEmpty)
        }
    }

    @Test("Scripts that Redis was told to forget are given to it again", arguments: PresenceServers.own)
    func scriptFlush(_ servers: PresenceServers) async throws {
        try await servers.withInstance { place, a in
            let ada = PresentUser.sample()
            let bob = PresentUser.sample()
            _ = try await a.directory.setUserOnline(ada, connection: one)
            try await place.commandEverywhere("SCRIPT", "FLUSH")
            let outcomes = try await a.directory.update([
                .online(bob, [one], status: .away), .offline(ada, [one], isLastHere: true), .online(ada, [two], status: .online),
            ])
            #expect(outcomes.map { $0?.isTurningPoint } == [true, true, true])
            #expect(try await place.members("online_users") == [ada.userID, bob.userID].map(\.description).sorted())
            try await place.commandEverywhere("SCRIPT", "FLUSH")
            #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: false))
        }
    }

    /// The known one runs first, and finds no socket.
    @Test("Where Redis knows one script of a batch and not another, nobody is told that a user went", arguments: PresenceServers.own)
    func scriptsKnownInPart(_ servers: PresenceServers) async throws {
        try await servers.withInstance { place, a in
            let ada = PresentUser.sample()
            var local = LocalPresence()
            let now = RealTime().now()
            func write() async throws -> [PresenceEvent] {
                var events: [PresenceEvent] = []
                while let batch = local.nextBatch(limit: 10) {
                    let outcomes = try await a.directory.update(batch.changes)
                    events += local.complete(batch, with: outcomes)
                }
                return events
            }
            local.open(ada, connection: one, at: now)
            let first = try await write()
            #expect(first.map(\.kind) == [.online])
            try await place.commandEverywhere("SCRIPT", "FLUSH")
            _ = try await a.directory.setUserOffline(.sample("bob"), connection: one, isLastHere: true)
            local.open(ada, connection: two, at: now)
            local.close(one, of: ada.userID, at: now)
            let told = try await write()
            #expect(told.isEmpty)
            #expect(try await place.members("online_users") == [ada.userID.description])
            #expect(try await place.members(place.key("user_sockets", ada)) == ["A/2"])
            #expect(try await a.directory.userPresence([ada.userID])[ada.userID]?.status == .online)
        }
    }

    @Test("Something foreign under one user's keys harms nobody else", arguments: PresenceServers.own)
    func foreignValues(_ servers: PresenceServers) async throws {
        try await servers.withInstance { place, a in
            let ada = PresentUser.sample()
            let bob = PresentUser.sample()
            let eve = PresentUser.sample()
            try await place.command("SET", place.key("user_sockets", ada), "not a set")
            try await place.command("SET", place.key("user_presence", eve), "{\"status\":7")
            let outcomes = try await a.directory.update([
                .online(ada, [one], status: .online), .online(bob, [one], status: .online), .online(eve, [one], status: .online),
            ])
            #expect(outcomes.map { $0?.isTurningPoint } == [nil, true, true])
            try await place.command("SET", place.key("user_presence", eve), "{\"status\":7")
            try await place.command("SADD", "online_users", "nobody")
            let records = try await a.directory.userPresence([ada.userID, bob.userID, eve.userID])
            #expect(Set(records.keys) == [bob.userID])
            let online = try await a.directory.onlineUsers(limit: 10)
            #expect(online.users.map(\.userID) == [bob.userID])
            #expect(try await a.directory.online(among: [ada.userID, bob.userID, eve.userID]) == [bob.userID, eve.userID])
        }
    }

    @Test("A heartbeat of 1,000 users is one batch of few commands; it finds what is missing", arguments: PresenceServers.own)
    func heartbeat(_ servers: PresenceServers) async throws {
        try await servers.withInstance(expiry: .seconds(1_000)) { place, a in
            let users = (0..<1_000).map { PresentUser.sample("user-\($0)") }
            #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: false))
            _ = try await a.directory.update(users.map { .online($0, [one], status: .online) })
            try await place.command("DEL", place.key("user_presence", users[7]))
            try await place.command("EXPIRE", place.key("user_sockets", users[8]), "5")
            try await place.command("SREM", "online_users", users[9].userID.description)
            _ = a.executor.takeGoes()
            let ids = users.map(\.userID)
            let answer = try await a.directory.heartbeat(a.report(1), refreshing: ids, reading: Array(ids.prefix(100)))
            let goes = a.executor.takeGoes().map(\.count)
            #expect(answer.renewal == .renewed)
            #expect(answer.records.count == 99)
            // It was 5, and is 1,000 less what has passed since.
            let left = try await place.command("TTL", place.key("user_sockets", users[8]))
            #expect(Int(left.filter(\.isNumber)).map { (500...1_000).contains($0) } == true, "\(left)")
            switch place.layout {
            case .single:
                #expect(answer.missing == [users[7].userID])
                // The lease, two pieces of 512 users, one read; and the scripts' texts for a Redis that doesn't know them.
                #expect(goes == [4, 3])
            case .cluster:
                #expect(answer.missing == [users[7].userID, users[9].userID])
                // The lease, two lists in two pieces, the sample, two keys of each user, the reads; a script's text; the sample's sockets.
                #expect(goes == [2_106, 1, 32])
                _ = try await a.directory.setUserOnline(users[9], connection: one)
            }
            #expect(try await place.command("SCARD", "online_users").contains("1000"))
        }
    }

    @Test("Without Redis every call fails at once", arguments: PresenceServers.own)
    func unavailable(_ servers: PresenceServers) async throws {
        try await servers.withPlace { place in
            let a = try PresenceFixture(place, instance: "A")
            await #expect(throws: PresenceError.self) { try await a.directory.userPresence([PresentUser.sample().userID]) }
            await #expect(throws: PresenceError.self) { try await a.directory.setUserOnline(.sample(), connection: one) }
        }
    }
}
