import Actors
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite(
    "Where a script has the keys of one slot alone, nobody is left online, wherever it is broken off",
    .fewAtOnce,
    .timeLimit(.minutes(1))
)
struct ClusterStepsTests {
    private let one = ConnectionID(1)
    private let two = ConnectionID(2)

    /// Two instances with their leases, to whose Redis the scripts are known.
    private func with(_ body: PresenceServers.Body) async throws {
        try await PresenceServers.slots.withInstances { place, a, b in
            let bob = PresentUser.sample("bob")
            for node in [a, b] {
                _ = try await node.directory.claimLease(node.report())
                _ = try await node.directory.setUserOnline(bob, connection: one)
                _ = try await node.directory.setUserOffline(bob, connection: one, isLastHere: true)
                _ = node.executor.takeGoes()
            }
            try await body(place, a, b)
        }
    }

    /// The lease of A ends, and B looks.
    private func reap(_ place: PresencePlace, by b: PresenceFixture) async throws -> [String] {
        try await place.command("DEL", "instance:A")
        return try await b.directory.reapExpiredInstances().reaped.map(\.instanceID)
    }

    @Test("A process that is killed between two goes is reaped with everybody of whom something is left", arguments: [true, false])
    func killed(isComing: Bool) async throws {
        try await with { place, a, b in
            let ada = PresentUser.sample()
            let change: PresenceChange =
                isComing ? .online(ada, [one], status: .online) : .offline(ada, [one], isLastHere: true)
            var isDone = false
            var goes = 0
            while !isDone {
                _ = try await a.directory.claimLease(a.report())
                if !isComing { _ = try await a.directory.setUserOnline(ada, connection: one) }
                a.executor.end(after: goes)
                isDone = (try? await a.directory.update([change])) != nil
                a.executor.end(after: .max)
                #expect(try await reap(place, by: b) == ["A"])
                #expect(try await place.members("online_users") == [], "after \(goes) goes")
                #expect(try await !place.exists(place.key("user_sockets", ada)), "after \(goes) goes")
                #expect(try await !place.exists("instance_users:A"), "after \(goes) goes")
                #expect(try await place.members("instances") == ["B"], "after \(goes) goes")
                if !isDone { goes += 1 }
            }
            #expect(goes == (isComing ? 3 : 4))
        }
    }

    @Test("What was broken off is right once it is given again", arguments: 0...4)
    func again(goes: Int) async throws {
        try await with { place, a, _ in
            let ada = PresentUser.sample()
            a.executor.end(after: goes)
            _ = try? await a.directory.setUserOnline(ada, connection: one)
            a.executor.end(after: .max)
            _ = try await a.directory.setUserOnline(ada, connection: one)
            #expect(try await place.members("online_users") == [ada.userID.description])
            #expect(try await place.members("instance_users:A") == [ada.userID.description])
            #expect(try await place.members(place.key("user_sockets", ada)) == ["A/1"])
            a.executor.end(after: goes)
            _ = try? await a.directory.setUserOffline(ada, connection: one, isLastHere: true)
            a.executor.end(after: .max)
            #expect(try await a.directory.setUserOffline(ada, connection: one, isLastHere: true).isTurningPoint)
            #expect(try await place.members("online_users") == [])
            #expect(try await !place.exists("instance_users:A"))
        }
    }

    @Test("Who comes on one instance while the last socket goes on another is on the list, and who goes again is not")
    func listRace() async throws {
        try await with { place, a, b in
            let ada = PresentUser.sample()
            _ = try await a.directory.setUserOnline(ada, connection: one)
            a.executor.before("SREM", "online_users") { _ = try await b.directory.setUserOnline(ada, connection: two) }
            _ = try await a.directory.setUserOffline(ada, connection: one, isLastHere: true)
            #expect(try await place.members("online_users") == [ada.userID.description])

            _ = try await a.directory.setUserOnline(ada, connection: one)
            _ = try await b.directory.setUserOffline(ada, connection: two, isLastHere: true)
            a.executor.before("SREM", "online_users") { _ = try await b.directory.setUserOnline(ada, connection: two) }
            a.executor.before("SADD", "online_users") { _ = try await b.directory.setUserOffline(ada, connection: two, isLastHere: true) }
            _ = try await a.directory.setUserOffline(ada, connection: one, isLastHere: true)
            #expect(try await place.members("online_users") == [])
        }
    }

    @Test("An instance that is back while it is reaped waits for the reaper, and learns that it was reaped")
    func backWhileReaped() async throws {
        try await with { place, a, b in
            let ada = PresentUser.sample()
            _ = try await a.directory.setUserOnline(ada, connection: one)
            b.executor.before("EVALSHA", place.key("user_sockets", ada)) {
                let claim = try await a.directory.claimLease(a.report())
                #expect(claim == .unclear)
            }
            #expect(try await reap(place, by: b).isEmpty)
            #expect(try await !a.directory.reapExpiredInstances().holdsOwn)
            #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: true))
            _ = try await a.directory.setUserOnline(ada, connection: one)
            #expect(try await place.members("online_users") == [ada.userID.description])
            #expect(try await a.directory.reapExpiredInstances().holdsOwn)
            // It can be reaped as ever.
            #expect(try await reap(place, by: b) == ["A"])
            #expect(try await place.members("online_users") == [])
        }
    }

    /// The reaper stood still for longer than its lock lasts.
    @Test("An instance whose users a late reaper has hit finds the mark with its next look, and nobody is told that they went")
    func lateReaper() async throws {
        try await with { place, a, b in
            let ada = PresentUser.sample()
            _ = try await a.directory.setUserOnline(ada, connection: one)
            b.executor.before("EVALSHA", place.key("user_sockets", ada)) {
                try await place.command("DEL", "instance_reaper:A")
                let claim = try await a.directory.claimLease(a.report())
                #expect(claim == .claimed(wasReaped: true))
                _ = try await a.directory.setUserOnline(ada, connection: one)
            }
            try await place.command("DEL", "instance:A")
            let scan = try await b.directory.reapExpiredInstances()
            #expect(scan.reaped.isEmpty)
            #expect(scan.events.isEmpty)
            #expect(try await a.directory.socketCount(of: ada.userID) == 0)
            #expect(try await !a.directory.reapExpiredInstances().holdsOwn)
            #expect(try await a.directory.claimLease(a.report()) == .claimed(wasReaped: true))
            _ = try await a.directory.setUserOnline(ada, connection: one)
            #expect(try await place.members("online_users") == [ada.userID.description])
            #expect(try await place.members("instances") == ["A", "B"])
        }
    }

    @Test("A user without a socket doesn't stay on the list, one with a socket comes back on it")
    func heartbeatMends() async throws {
        try await with { place, a, _ in
            let ada = PresentUser.sample()
            let ghost = PresentUser.sample("ghost")
            _ = try await a.directory.setUserOnline(ada, connection: one)
            try await place.command("SADD", "online_users", ghost.userID.description)
            let first = try await a.directory.heartbeat(a.report(), refreshing: [ada.userID], reading: [])
            #expect(first.missing.isEmpty)
            #expect(try await place.members("online_users") == [ada.userID.description])
            for (set, member) in [("online_users", ada.userID.description), ("instance_users:A", ada.userID.description)] {
                try await place.command("SREM", set, member)
                let answer = try await a.directory.heartbeat(a.report(), refreshing: [ada.userID], reading: [])
                #expect(answer.missing == [ada.userID])
                #expect(try await !a.directory.setUserOnline(ada, connection: one).isTurningPoint)
                #expect(try await place.members(set) == [member])
            }
        }
    }

    @Test("A lease that is given up is listed at no time without being held")
    func release() async throws {
        try await with { place, a, _ in
            var isDone = false
            var goes = 0
            while !isDone {
                _ = try await a.directory.claimLease(a.report())
                a.executor.end(after: goes)
                isDone = (try? await a.directory.releaseLease()) != nil
                a.executor.end(after: .max)
                let isListed = try await place.members("instances").contains("A")
                let isHeld = try await place.exists("instance:A")
                #expect(isHeld || !isListed, "after \(goes) goes")
                #expect(isHeld != isDone, "after \(goes) goes")
                goes += 1
            }
        }
    }

    @Test("The changes of many users go together, stage by stage")
    func goes() async throws {
        try await with { place, a, _ in
            let users = (0..<256).map { PresentUser.sample("user-\($0)") }
            _ = try await a.directory.update(users.map { .online($0, [one], status: .online) })
            // The lists of the instance; the users; those online.
            #expect(a.executor.takeGoes().map(\.count) == [2, 256, 1])
            _ = try await a.directory.update(users.map { .status($0, .busy) })
            #expect(a.executor.takeGoes().map(\.count) == [256, 256])
            _ = try await a.directory.update(users.map { .offline($0, [one], isLastHere: true) })
            // The users; those online; whether they have come elsewhere meanwhile; the instance's list.
            #expect(a.executor.takeGoes().map(\.count) == [256, 1, 256, 1])
        }
    }
}
