/// What was changed while a client was away, other than by new messages, on its way to the client page by page.
package struct MissedUpdates: Sendable {
    package enum Update: Hashable, Sendable {
        case message(Message)
        case read(ReadCursor)
    }

    private let places: [ConversationID: Int64]
    private var messages: ArraySlice<Message>
    private var reads: ArraySlice<ReadCursor>
    private var next: UpdatesPosition?

    /// - Parameters:
    ///   - page: the first one.
    ///   - places: the number in a conversation above which the client is brought the messages themselves, as they are by then.
    package init(_ page: UpdatesPage, below places: [ConversationID: Int64]) {
        self.places = places
        messages = page.messages.changes[...]
        reads = page.reads.changes[...]
        next = page.next
    }

    /// Whether everything has been taken out.
    package var isDone: Bool { messages.isEmpty && reads.isEmpty && next == nil }

    /// Where to read on; nil while some of the last page waits, and where there is no more.
    package var question: UpdatesPosition? {
        messages.isEmpty && reads.isEmpty ? next : nil
    }

    /// The page after the last one has been read.
    package mutating func add(_ page: UpdatesPage) {
        messages += page.messages.changes
        reads += page.reads.changes
        next = page.next
    }

    /// Takes out what is to be written next; nil where the page is used up.
    package mutating func popFirst() -> Update? {
        while let message = messages.popFirst() {
            if message.seq <= places[message.conversationID] ?? .max { return .message(message) }
        }
        return reads.popFirst().map(Update.read)
    }
}
