import Actors
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("A lease belongs to one process, and whoever is dead has no users", .fewAtOnce, .timeLimit(.minutes(1)))
struct LeaseTests {
    private let one = ConnectionID(1)

    @Test(
        "It is claimed where nobody holds it, renewed by its holder alone, and released by its holder alone",
        arguments: PresenceServers.own
    )
    func compareAndSet(_ servers: PresenceServers) async throws {
        try await servers.withLives("first", "second") { place, first, second in
            #expect(try await first.directory.claimLease(first.report()) == .claimed(wasReaped: false))
            #expect(try await place.members("instances") == ["A"])
            let left = Int(try await place.command("PTTL", "instance:A").filter(\.isNumber)) ?? 0
            #expect((5_000...15_000).contains(left))
            guard case .held(let holder) = try await second.directory.claimLease(second.report()) else { throw Unexpected() }
            #expect(holder.host == "host-first")
            #expect(holder.startedAt == "2026-01-08T12:00:00.000Z")
            let foreign = try await second.directory.heartbeat(second.report(), refreshing: [], reading: [])
            #expect(foreign.renewal == .foreign(holder))
            try await second.directory.releaseLease()
            let renewed = try await first.directory.heartbeat(first.report(3), refreshing: [], reading: [])
            #expect(renewed.renewal == .renewed)
            #expect(try await first.directory.instances() == [first.report(3)])
            #expect(try await second.directory.takeOver(from: holder) == nil)
            guard case .held(let later) = try await second.directory.claimLease(second.report()) else { throw Unexpected() }
            #expect(later.version != holder.version)
            try await first.directory.releaseLease()
            #expect(try await first.directory.heartbeat(first.report(), refreshing: [], reading: []).renewal == .gone)
            #expect(try await place.members("instances") == [])
        }
    }

    @Test("A dead holder's lease is taken over with its users", arguments: PresenceServers.own)
    func takeOver(_ servers: PresenceServers) async throws {
        try await servers.withLives("dead", "next") { place, dead, next in
            let ada = PresentUser.sample()
            #expect(try await dead.directory.claimLease(dead.report()) == .claimed(wasReaped: false))
            _ = try await dead.directory.setUserOnline(ada, connection: one)
            guard case .held(let holder) = try await next.directory.claimLease(next.report()) else { throw Unexpected() }
            let reaped = try await next.directory.takeOver(from: holder)
            #expect(reaped == ReapedInstance(instanceID: "A", users: 1, offline: 1))
            #expect(try await next.directory.claimLease(next.report()) == .claimed(wasReaped: true))
            #expect(try await place.members("online_users") == [])
            let events = await dead.events(1)
            #expect(events.map(\.kind) == [.offline])
            #expect(events.map(\.userID) == [ada.userID])
        }
    }

    /// Nobody else has looked yet: once the next life holds the lease, nobody would.
    @Test(
        "Who is started under the id of a dead instance whose lease has expired takes its users offline first",
        arguments: PresenceServers.own
    )
    func formerLife(_ servers: PresenceServers) async throws {
        try await servers.withLives("dead", "next") { place, dead, next in
            let ada = PresentUser.sample()
            #expect(try await next.directory.clearFormerLife())
            #expect(try await dead.directory.claimLease(dead.report()) == .claimed(wasReaped: false))
            _ = try await dead.directory.setUserOnline(ada, connection: one)
            // It lives: that is for the claim to find out.
            #expect(try await next.directory.clearFormerLife())
            #expect(try await place.members("online_users") == [ada.userID.description])
            try await place.command("DEL", "instance:A")
            // It ended after the next life had looked.
            #expect(try await next.directory.claimLease(next.report(), isFirst: true) == .unclear)
            // Another instance is at it.
            try await place.command("SET", "instance_reaper:A", "B")
            #expect(try await next.directory.clearFormerLife() == false)
            try await place.command("DEL", "instance_reaper:A")
            #expect(try await next.directory.clearFormerLife())
            #expect(try await place.members("online_users") == [])
            #expect(await dead.events(1).map(\.userID) == [ada.userID])
            #expect(try await next.directory.claimLease(next.report(), isFirst: true) == .claimed(wasReaped: true))
        }
    }

    @Test("An expired lease is reaped once: offline for those who have no other socket, told to the others", arguments: PresenceServers.own)
    func reap(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            let users = (0..<300).map { PresentUser.sample("user-\($0)") }
            let c = try PresenceFixture(place, instance: "C")
            try await c.running {
                for node in [a, b, c] { _ = try await node.directory.claimLease(node.report()) }
                _ = try await a.directory.update(users.map { .online($0, [one], status: .online) })
                _ = try await b.directory.setUserOnline(users[0], connection: one)
                #expect(try await b.directory.reapExpiredInstances() == LeaseScan(holdsOwn: true, reaped: []))
                try await place.command("DEL", "instance:A")
                async let fromB = b.directory.reapExpiredInstances()
                async let fromC = c.directory.reapExpiredInstances()
                let scans = try await [fromB, fromC]
                let reaped = scans.flatMap(\.reaped)
                #expect(scans.flatMap(\.events).count == 299)
                #expect(reaped == [ReapedInstance(instanceID: "A", users: 300, offline: 299)])
                #expect(try await place.members("online_users") == [users[0].userID.description])
                #expect(try await place.members(place.key("user_sockets", users[0])) == ["B/1"])
                #expect(try await place.members("instances") == ["B", "C"])
                #expect(try await place.command("EXISTS", "instance_users:A").contains("0"))
                let record = try await b.directory.userPresence([users[1].userID])[users[1].userID]
                #expect(record?.status == .offline)
                #expect(record?.username == "user-1")
                let events = await c.events(299)
                #expect(Set(events.map(\.userID)) == Set(users.dropFirst().map(\.userID)))
                #expect(events.allSatisfy { $0.kind == .offline && $0.status == .offline })
                #expect(try await a.directory.reapExpiredInstances().holdsOwn == false)
                #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: true))
                #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: false))
            }
        }
    }

    @Test(
        "What a reaper that died half way has left, the next one mends: also the event that it didn't send",
        arguments: PresenceServers.own
    )
    func halfDone(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            let ada = PresentUser.sample("ada")
            let bob = PresentUser.sample("bob")
            for node in [a, b] { _ = try await node.directory.claimLease(node.report()) }
            _ = try await a.directory.update([.online(ada, [one], status: .online), .online(bob, [one], status: .busy)])
            // The dead reaper holds its lock, and has taken one user's socket away, but told nobody.
            try await place.command("DEL", "instance:A")
            try await place.command("SET", "instance_reaper:A", "X", "PX", "60000")
            try await place.command("SREM", place.key("user_sockets", ada), "A/1")
            try await place.command("SREM", "online_users", ada.userID.description)
            #expect(try await b.directory.reapExpiredInstances().reaped.isEmpty)
            // Its lock runs out.
            try await place.command("DEL", "instance_reaper:A")
            let reaped = try await b.directory.reapExpiredInstances().reaped
            #expect(reaped == [ReapedInstance(instanceID: "A", users: 2, offline: 2)])
            #expect(Set(await b.events(2).map(\.userID)) == [ada.userID, bob.userID])
            #expect(try await place.members("online_users") == [])
        }
    }

    /// With one Redis; what follows from a cluster's reaper having to be waited for is in `ClusterStepsTests`.
    @Test("An instance that is back before all of its users are taken offline learns that some were, and puts everybody in again")
    func backHalfWay() async throws {
        try await PresenceServers.single.withInstances { place, a, b in
            let users = (0..<300).map { PresentUser.sample("user-\($0)") }
            for node in [a, b] { _ = try await node.directory.claimLease(node.report()) }
            _ = try await a.directory.update(users.map { .online($0, [one], status: .online) })
            try await place.command("DEL", "instance:A")
            let claims = Recorder<LeaseClaim>()
            // Before the first batch is read, and in that before the second.
            b.executor.before("SRANDMEMBER") {
                b.executor.before("SRANDMEMBER") { claims.append(try await a.directory.claimLease(a.report())) }
            }
            let scan = try await b.directory.reapExpiredInstances()
            #expect(claims.elements == [.claimed(wasReaped: true)])
            #expect(scan.reaped.isEmpty)
            #expect((1..<300).contains(scan.events.count))
            let outcomes = try await a.directory.update(users.map { .online($0, [one], status: .online) })
            // To these the others are told again.
            let told = zip(users, outcomes).filter { $0.1?.isTurningPoint == true }.map(\.0.userID)
            #expect(Set(told) == Set(scan.events.map(\.userID)))
            #expect(try await place.members("online_users").count == 300)
        }
    }

    @Test("A look breaks off once its time is over; the next one, anybody's, goes on at once", arguments: PresenceServers.own)
    func timeLimit(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            let users = (0..<600).map { PresentUser.sample("user-\($0)") }
            let time = ManualTime()
            let slow = try PresenceFixture(place, instance: "C", time: time)
            try await slow.running {
                for node in [a, b, slow] { _ = try await node.directory.claimLease(node.report()) }
                _ = try await a.directory.update(users.map { .online($0, [one], status: .online) })
                try await place.command("DEL", "instance:A")
                // The first batch takes longer than a look may.
                slow.executor.before("SRANDMEMBER") { time.advance(by: .seconds(3)) }
                let first = try await slow.directory.reapExpiredInstances()
                #expect(first.reaped.isEmpty)
                let done = first.events.count
                #expect(done == (place.layout == .single ? 128 : 512))
                #expect(try await place.command("SCARD", "instance_users:A").contains("\(600 - done)"))
                #expect(try await !place.exists("instance_reaper:A"))
                let second = try await b.directory.reapExpiredInstances()
                #expect(second.reaped == [ReapedInstance(instanceID: "A", users: 600 - done, offline: 600 - done)])
                #expect(Set((first.events + second.events).map(\.userID)) == Set(users.map(\.userID)))
                #expect(try await place.members("online_users") == [])
                #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: true))
            }
        }
    }

    @Test("A mark of a reaper that had nobody to take offline does no harm", arguments: PresenceServers.own)
    func markAlone(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            let ada = PresentUser.sample()
            for node in [a, b] { _ = try await node.directory.claimLease(node.report()) }
            _ = try await a.directory.setUserOnline(ada, connection: one)
            try await place.command("DEL", "instance:A")
            b.executor.before("SRANDMEMBER") { throw Unexpected() }
            await #expect(throws: PresenceError.self) { try await b.directory.reapExpiredInstances() }
            try await place.command("DEL", "instance_reaper:A")
            #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: true))
            #expect(try await !a.directory.setUserOnline(ada, connection: one).isTurningPoint)
            #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: false))
        }
    }

    @Test("An instance that is back while it is reaped keeps its users", arguments: PresenceServers.own)
    func backMeanwhile(_ servers: PresenceServers) async throws {
        try await servers.withInstances { place, a, b in
            let ada = PresentUser.sample()
            for node in [a, b] { _ = try await node.directory.claimLease(node.report()) }
            _ = try await a.directory.setUserOnline(ada, connection: one)
            // Listed by hand as one whose lease is to be looked at: each step of a reaping finds the lease.
            #expect(try await b.directory.reapExpiredInstances().reaped.isEmpty)
            #expect(try await place.members("online_users") == [ada.userID.description])
            try await place.commandEverywhere("FLUSHALL")
            #expect(try await a.directory.reapExpiredInstances().holdsOwn == false)
            #expect(try await a.directory.heartbeat(a.report(), refreshing: [], reading: []).renewal == .gone)
            _ = try await a.directory.setUserOnline(ada, connection: one)
            // Written before the lease is claimed again, the user still can't be forgotten.
            #expect(try await place.members("instances") == ["A"])
            #expect(try await b.directory.reapExpiredInstances().reaped == [ReapedInstance(instanceID: "A", users: 1, offline: 1)])
            #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: true))
        }
    }
}
