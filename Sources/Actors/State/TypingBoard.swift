/// Who is typing, as receivers are to see it: nobody for longer than six seconds after they said so.
package struct TypingBoard: Sendable {
    package struct Entry: Hashable, Sendable {
        package let conversation: ConversationID
        package let user: UserID

        package init(conversation: ConversationID, user: UserID) {
            self.conversation = conversation
            self.user = user
        }
    }

    private static let lifetime = Duration.seconds(6)
    /// Past it a newcomer is not watched, and clients let it expire by themselves.
    private static let limit = 1_024

    private var deadlines: [Entry: Duration] = [:]

    package init() {}

    package var isEmpty: Bool { deadlines.isEmpty }

    /// Notes what a user has said.
    package mutating func note(_ isTyping: Bool, _ entry: Entry, at now: Duration) {
        if !isTyping {
            deadlines[entry] = nil
        } else if deadlines[entry] != nil || deadlines.count < Self.limit {
            deadlines[entry] = now + Self.lifetime
        }
    }

    /// When the next one expires; nil where nobody types.
    package var nextDeadline: Duration? { deadlines.values.min() }

    /// Those whose time is over; they are forgotten.
    package mutating func expire(at now: Duration) -> [Entry] {
        let over = deadlines.filter { $0.value <= now }.map(\.key)
        for entry in over { deadlines[entry] = nil }
        return over
    }
}
