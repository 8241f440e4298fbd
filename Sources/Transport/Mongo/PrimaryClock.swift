import Actors

/// The primary's time, for servers that don't replace a stamp of zero by it in an insert.
///
/// It is asked once a second at the most: a stamp may be older than its message by that and by the time of the insert, which together is
/// less than `MongoStore.overlap`.
final class PrimaryClock: Sendable {
    private struct Reading {
        let stamp: Stamp
        let readAt: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(1)
    private let reading = Locked<Reading?>(nil)

    func stamp(_ client: MongoClient) throws -> Stamp {
        let now = ContinuousClock.now
        if let known = reading.withLock({ $0 }), now - known.readAt < Self.lifetime { return known.stamp }
        let stamp = try client.serverTime()
        reading.withLock { $0 = Reading(stamp: stamp, readAt: now) }
        return stamp
    }
}
