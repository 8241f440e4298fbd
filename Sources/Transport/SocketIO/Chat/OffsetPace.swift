/// When a client is told its offset: at once where it was quiet, else now and then, so that the telling never costs as much as the messages.
package struct OffsetPace: Sendable {
    private static let interval = Duration.milliseconds(250)

    package enum Action: Hashable, Sendable {
        case tell
        /// Tell it after this time; what changes until then is told with it.
        case tellLater(Duration)
        /// It is going to be told.
        case none
    }

    private var isWaiting = false
    private var nextAt: Duration?

    package init() {}

    /// The offset has changed.
    package mutating func changed(now: Duration) -> Action {
        guard !isWaiting else { return .none }
        guard let nextAt, now < nextAt else { return .tell }
        isWaiting = true
        return .tellLater(nextAt - now)
    }

    /// It was told, in so many bytes; a long one is told less often.
    package mutating func told(bytes: Int, now: Duration) {
        isWaiting = false
        nextAt = now + max(Self.interval, .milliseconds(bytes))
    }
}
