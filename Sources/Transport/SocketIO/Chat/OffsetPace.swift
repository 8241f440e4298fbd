/// When a client is told its offset: at once where it was quiet, else now and then, so that the telling never costs as much as the messages.
struct OffsetPace: Sendable {
    private static let interval = Duration.milliseconds(250)

    private var isBehind = false
    private var nextAt = Duration.zero

    /// The offset has changed.
    ///
    /// - Returns: whether to tell it now.
    mutating func changed(now: Duration) -> Bool {
        isBehind = true
        return isDue(now: now)
    }

    /// Whether a change is to be told now.
    func isDue(now: Duration) -> Bool {
        isBehind && now >= nextAt
    }

    /// It was told, in so many bytes; a long one is told less often.
    mutating func told(bytes: Int, now: Duration) {
        isBehind = false
        nextAt = now + max(Self.interval, .milliseconds(bytes))
    }
}
