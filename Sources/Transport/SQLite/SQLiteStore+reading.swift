package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func markRead(_ conversation: ConversationID, by user: UserID, upTo seq: Int64) async throws(StoreError) -> ReadOutcome {
        try await commits.submit { db, stamps in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT id, last_seq, read_seq FROM conversations CROSS JOIN memberships ON conversation = id
                    WHERE name = ? AND user_id = ? AND left_stamp IS NULL
                    """
            )
            guard let row = try Row.fetchOne(statement, arguments: [conversation.description, user.blob]) else { return .notFound }
            let lastSeq = try row.integer(1)
            guard seq <= lastSeq else { return .beyond(lastSeq: lastSeq) }
            guard try row.integer(2) < seq else { return .unchanged }
            try db.cachedStatement(sql: "UPDATE memberships SET read_seq = ?, stamp = ? WHERE user_id = ? AND conversation = ?")
                .execute(arguments: [seq, stamps.next(), user.blob, try row.integer(0)])
            return .advanced
        }
    }

    package func contacts(of user: UserID, limit: Int) async throws(StoreError) -> [UserID] {
        try await reads.contacts.ask(SessionReads.ContactsRequest(user: user, limit: max(0, limit)))
    }

    static func contacts(_ request: SessionReads.ContactsRequest, _ db: Database) throws -> [UserID] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT other_user_id FROM memberships CROSS JOIN conversations ON id = conversation
                WHERE user_id = ?1 AND other_user_id IS NOT NULL AND other_user_id != ?1
                ORDER BY last_message_stamp DESC LIMIT ?2
                """
        )
        return try Array(Row.fetchCursor(statement, arguments: [request.user.blob, request.limit]).map { try $0.identifier(0) })
    }
}
