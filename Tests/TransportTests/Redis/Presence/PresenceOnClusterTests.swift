import Actors
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("On a Redis Cluster presence is the same as on one Redis", .fewAtOnce, .timeLimit(.minutes(2)))
struct PresenceOnClusterTests {
    /// One after the other, with one cluster for all: a call with keys of several slots would fail.
    @Test("Each user's keys are in one slot, and all others wherever they fall")
    func everything() async throws {
        let group = try await RedisClusterGroup()
        let cluster = PresenceServers.cluster(group)
        let presence = RedisPresenceTests()
        try await presence.keys(cluster)
        try await presence.twoInstances(cluster)
        try await presence.race(cluster)
        try await presence.scriptFlush(cluster)
        try await presence.foreignValues(cluster)
        try await presence.heartbeat(cluster)
        let leases = LeaseTests()
        try await leases.compareAndSet(cluster)
        try await leases.takeOver(cluster)
        try await leases.formerLife(cluster)
        try await leases.reap(cluster)
        try await leases.halfDone(cluster)
        try await leases.backMeanwhile(cluster)
        try await movedSlot(group)
        await group.stop()
    }

    /// The user's keys go to a server that knows no script yet.
    private func movedSlot(_ group: RedisClusterGroup) async throws {
        try await PresenceServers.cluster(group).withInstance { place, a in
            let ada = PresentUser.sample()
            let slot = HashSlot(of: place.key("user_sockets", ada))
            let source = group.server(of: slot)
            let target = source === group.primaries[0] ? group.primaries[1] : group.primaries[0]
            #expect(try await a.directory.setUserOnline(ada, connection: ConnectionID(1)).isTurningPoint)
            try await target.command("SCRIPT", "FLUSH")
            try await group.move(slot: slot.number, from: source, to: target)
            #expect(try await !a.directory.setUserOnline(ada, connection: ConnectionID(2)).isTurningPoint)
            #expect(try await a.directory.socketCount(of: ada.userID) == 2)
            #expect(try await a.directory.userPresence([ada.userID])[ada.userID]?.status == .online)
            #expect(try await a.directory.setUserOffline(ada, connection: ConnectionID(1), isLastHere: true).isTurningPoint)
            #expect(try await place.members("online_users") == [])
        }
    }
}
