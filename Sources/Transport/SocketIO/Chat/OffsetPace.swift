package import NIOCore

/// When a client is told its offset: at once where it was quiet, else now and then, so that the telling never costs as much as the messages.
package struct OffsetPace: Sendable {
    private static let interval = TimeAmount.milliseconds(500)
    /// For which the next message is waited for, as the offset costs little beside one.
    private static let grace = TimeAmount.milliseconds(100)

    package enum Action: Hashable, Sendable {
        case tell
        /// Call `timePassed` then.
        case wait(until: NIODeadline)
        case none
    }

    private var isBehind = false
    private var hasTimer = false
    private var nextAt: NIODeadline?

    package init() {}

    /// The offset has changed.
    package mutating func changed(now: NIODeadline) -> Action {
        guard let nextAt, now < nextAt else { return .tell }
        isBehind = true
        guard !hasTimer else { return .none }
        hasTimer = true
        return .wait(until: nextAt + Self.grace)
    }

    /// The time of a `.wait` is over.
    package mutating func timePassed(now: NIODeadline) -> Action {
        hasTimer = false
        guard isBehind, let nextAt else { return .none }
        guard now < nextAt + Self.grace else { return .tell }
        hasTimer = true
        return .wait(until: nextAt + Self.grace)
    }

    /// It was left out, as much waits for the client: a while later it may find room.
    package mutating func leftOut(now: NIODeadline) -> Action {
        nextAt = now + Self.interval
        return changed(now: now)
    }

    /// It was told, in so many bytes; a long one is told less often.
    package mutating func told(bytes: Int, now: NIODeadline) {
        isBehind = false
        nextAt = now + max(Self.interval, .milliseconds(Int64(bytes)))
    }
}
