/// When a client is told its offset: at once where it was quiet, else now and then, so that the telling never costs as much as the messages.
package struct OffsetPace: Sendable {
    private static let interval = Duration.milliseconds(500)
    /// For which the next message is waited for, as the offset costs little beside one.
    private static let grace = Duration.milliseconds(100)

    package enum Action: Hashable, Sendable {
        case tell
        /// Call `timePassed` after this time.
        case wait(Duration)
        case none
    }

    private var isBehind = false
    private var hasTimer = false
    private var nextAt: Duration?

    package init() {}

    /// The offset has changed.
    package mutating func changed(now: Duration) -> Action {
        guard let nextAt, now < nextAt else { return .tell }
        isBehind = true
        guard !hasTimer else { return .none }
        hasTimer = true
        return .wait(nextAt + Self.grace - now)
    }

    /// The time of a `.wait` is over.
    package mutating func timePassed(now: Duration) -> Action {
        hasTimer = false
        guard isBehind, let nextAt else { return .none }
        guard now < nextAt + Self.grace else { return .tell }
        hasTimer = true
        return .wait(nextAt + Self.grace - now)
    }

    /// It was told, in so many bytes; a long one is told less often.
    package mutating func told(bytes: Int, now: Duration) {
        isBehind = false
        nextAt = now + max(Self.interval, .milliseconds(bytes))
    }
}
