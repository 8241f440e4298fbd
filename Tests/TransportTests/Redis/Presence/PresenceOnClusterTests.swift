import LocalCluster
import Testing

@Suite("On a Redis Cluster presence is the same as on one Redis", .timeLimit(.minutes(2)))
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
        await group.stop()
    }
}
