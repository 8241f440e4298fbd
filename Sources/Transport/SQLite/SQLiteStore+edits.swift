package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func edit(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        content: String,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await change(id, in: conversation, by: author, .edit(content: content, at: now))
    }

    package func delete(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await change(id, in: conversation, by: author, .delete(at: now))
    }

    package func react(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        emoji: String,
        adds: Bool
    ) async throws(StoreError) -> ChangeOutcome {
        try await change(id, in: conversation, by: user, .react(emoji: emoji, adds: adds))
    }

    /// Writers of a file take turns, so that nobody changes the message between its being read and written.
    private func change(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        _ change: MessageChange
    ) async throws(StoreError) -> ChangeOutcome {
        try await commits.submit { db, stamps in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Message.columns), stamp, conversation FROM messages
                    WHERE message_id = ? AND conversation = (SELECT id FROM conversations WHERE name = ?)
                    """
            )
            guard let row = try Row.fetchOne(statement, arguments: [id.blob, conversation.description]) else { return .notFound }
            let message = try Message(row, conversation: conversation)
            let outcome = change.applied(to: message, by: user)
            guard case .changed(let changed) = outcome else { return outcome }
            let stamp = stamps.next()
            try Self.store(changed, inPlaceOf: message, at: try row.integer(Message.columnCount), stamp: stamp, db)
            try db.cachedStatement(sql: "UPDATE conversations SET stamp = ? WHERE id = ?")
                .execute(arguments: [stamp, try row.integer(Message.columnCount + 1)])
            return outcome
        }
    }

    private static func store(_ changed: Message, inPlaceOf message: Message, at place: Int64, stamp: Int64, _ db: Database) throws {
        let keepsContent = changed.content.utf8.elementsEqual(message.content.utf8)
        let digest = keepsContent ? nil : Data(ContentDigest.of(message.content))
        try db.cachedStatement(
            sql: """
                UPDATE messages SET content = ?, edited_at = ?, deleted_at = ?, reactions = ?, rev = ?, updated_stamp = ?,
                    original_digest = coalesce(original_digest, ?)
                WHERE stamp = ?
                """
        ).execute(arguments: [
            StoredText(changed.content), changed.editedAt?.milliseconds, changed.deletedAt?.milliseconds, try changed.reactions.json,
            changed.rev, stamp, digest, place,
        ])
    }
}
