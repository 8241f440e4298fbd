/// How often one user may say that they are typing: once in two seconds in a conversation, and that they have stopped.
package struct TypingThrottle: Sendable {
    private static let interval = Duration.seconds(2)

    private struct Told {
        var at: Duration
        var isTyping: Bool
    }

    private var told: [ConversationID: Told] = [:]

    package init() {}

    /// Whether others are to be told.
    package mutating func admits(_ isTyping: Bool, in conversation: ConversationID, at now: Duration) -> Bool {
        if told.count > 64 { told = told.filter { now - $0.value.at < Self.interval } }
        let last = told[conversation]
        if isTyping {
            if let last, now - last.at < Self.interval { return false }
            told[conversation] = Told(at: now, isTyping: true)
        } else {
            guard let last, last.isTyping else { return false }
            // The time stays: stopping doesn't allow to begin anew at once.
            told[conversation] = Told(at: last.at, isTyping: false)
        }
        return true
    }
}
