import Actors
import TestSupport

/// What happened without this instance: in the store, past all actors.
extension Instance {
    /// Stores messages of one to the other.
    func talk(_ count: Int, from author: User, to reader: User, _ fixture: Fixture = Fixture()) async throws -> [Message] {
        let conversation = ConversationID.direct(UserPair(author.userID, reader.userID))
        let outcomes = try await store.append((0..<count).map { fixture.draft(from: author, "\($0)") }, to: conversation)
        return outcomes.compactMap { if case .stored(let message) = $0 { message } else { nil } }
    }

    /// Has each message be edited by its author.
    ///
    /// - Returns: the messages as they are now, in the order of the edits.
    func edit(_ messages: [Message], _ content: String = "edited") async throws -> [Message] {
        var edited: [Message] = []
        for message in messages {
            let (id, place) = (message.messageID, message.conversationID)
            let outcome = try await store.edit(id, in: place, by: message.senderID, content: content, at: time.now())
            if case .changed(let message) = outcome { edited.append(message) }
        }
        return edited
    }
}
