/// How old this instance's knowledge of bans and revocations is, and what follows from it.
///
/// All times are uptimes. It is counted from when a read *began*: what was ordered after that may not be in it.
package struct Freshness: Sendable {
    /// Past this age no command is accepted and nothing is delivered.
    package static let staleAfter = Duration.seconds(4)
    /// Past this age, with the bus lost too, sessions are closed and refused.
    package static let cutOffAfter = Duration.seconds(15)

    private var lastComplete: Duration

    /// - Parameter now: nobody is connected yet, so that there is nothing to know.
    package init(now: Duration) {
        lastComplete = now
    }

    /// A complete read of kicks has ended well.
    package mutating func note(readBegan began: Duration) {
        lastComplete = max(lastComplete, began)
    }

    package func age(at now: Duration) -> Duration {
        now - lastComplete
    }

    package func isStale(at now: Duration) -> Bool {
        age(at: now) > Self.staleAfter
    }

    package func isCutOff(at now: Duration, bus: BusStatus) -> Bool {
        bus != .connected && age(at: now) > Self.cutOffAfter
    }
}
