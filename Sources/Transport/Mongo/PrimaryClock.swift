import Actors

/// The primary's time, for servers that don't replace a stamp of zero by it in an insert.
///
/// It is asked once a second at the most, and goes on from there by what has passed here. What the question took counts as passed: a stamp
/// is ahead of the primary by that at the most, and behind a message's insert by no more than what the insert takes. Ahead is the safe
/// side, since what is newer than a stamp is looked for again; what is behind is less than `MongoStore.overlap`.
final class PrimaryClock: Sendable {
    private struct Reading {
        let time: Timestamp
        let askedAt: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(1)
    private let reading = Locked<Reading?>(nil)

    /// In whole seconds.
    func stamp(_ client: MongoClient) throws -> Stamp {
        let reading = try currentReading(client)
        let elapsed = (ContinuousClock.now - reading.askedAt) / .milliseconds(1)
        // The server's milliseconds are cut off.
        let milliseconds = reading.time.milliseconds + Int64(elapsed) + 1
        return Stamp(UInt64(max(0, milliseconds / 1_000)) << 32)
    }

    private func currentReading(_ client: MongoClient) throws -> Reading {
        let now = ContinuousClock.now
        if let known = reading.withLock({ $0 }), now - known.askedAt < Self.lifetime { return known }
        let new = Reading(time: try client.serverTime(), askedAt: now)
        reading.withLock { $0 = new }
        return new
    }
}
