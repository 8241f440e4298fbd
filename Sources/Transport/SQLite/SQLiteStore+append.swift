package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package nonisolated(nonsending) func append(
        _ drafts: [MessageDraft],
        to conversation: ConversationID
    ) async throws(StoreError) -> [AppendOutcome] {
        if drafts.isEmpty { return [] }
        return try await commits.submit(weight: drafts.count) { db, stamps in
            var append = try ConversationAppend(to: conversation, db)
            let outcomes = try drafts.map { try append.store($0, &stamps) }
            try append.finish()
            return outcomes
        }
    }
}

/// One append within a transaction.
private struct ConversationAppend {
    private let db: Database
    private let conversation: ConversationID
    /// The conversation's number; nil until its first message makes it.
    private var id: Int64?
    private var lastSeq: Int64
    private var lastStamp: Int64 = 0
    private var readSeqs: [UserID: Int64] = [:]

    init(to conversation: ConversationID, _ db: Database) throws {
        self.db = db
        self.conversation = conversation
        let statement = try db.cachedStatement(sql: "SELECT id, last_seq FROM conversations WHERE name = ?")
        let row = try Row.fetchOne(statement, arguments: [conversation.description])
        id = try row?.integer(0)
        lastSeq = try row?.integer(1) ?? 0
    }

    mutating func store(_ draft: MessageDraft, _ stamps: inout StampCounter) throws -> AppendOutcome {
        let untouched = stamps
        // Nothing may be made for a message that is known; in a conversation that is there, inserting tells as well.
        if id == nil, let known = try outcomeOfKnown(draft) { return known }
        let id = try id ?? make(stamps.next())
        self.id = id
        let stamp = stamps.next()
        guard try insert(draft, id: id, stamp: stamp) else {
            stamps = untouched
            guard let known = try outcomeOfKnown(draft) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            return known
        }
        lastSeq += 1
        lastStamp = stamp
        readSeqs[draft.senderID] = lastSeq
        return .stored(draft.message(in: conversation, seq: lastSeq))
    }

    /// Answers false where the sender has used the `clientMessageId` before.
    private func insert(_ draft: MessageDraft, id: Int64, stamp: Int64) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO messages (
                    stamp, conversation, seq, message_id, sender_id, sender_name, content, client_message_id, created_at, updated_stamp
                ) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?1) ON CONFLICT (sender_id, client_message_id) DO NOTHING
                """
        )
        try statement.execute(arguments: [
            stamp, id, lastSeq + 1, draft.messageID.blob, draft.senderID.blob, StoredText(draft.senderName), StoredText(draft.content),
            draft.clientMessageID.description, draft.createdAt.milliseconds,
        ])
        return db.changesCount > 0
    }

    /// Raises what hangs on the new messages. The sender's own cursor raises no stamp: whoever hears of the message knows it.
    func finish() throws {
        guard let id, !readSeqs.isEmpty else { return }
        try db.cachedStatement(sql: "UPDATE conversations SET last_seq = ?, last_message_stamp = ?2, stamp = ?2 WHERE id = ?3")
            .execute(arguments: [lastSeq, lastStamp, id])
        let statement = try db.cachedStatement(sql: "UPDATE memberships SET read_seq = ? WHERE user_id = ? AND conversation = ?")
        for (sender, seq) in readSeqs {
            try statement.execute(arguments: [seq, sender.blob, id])
        }
    }

    /// Nil where the sender has not used the `clientMessageId` before.
    private func outcomeOfKnown(_ draft: MessageDraft) throws -> AppendOutcome? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Message.columns(of: "messages")), name, original_digest FROM messages JOIN conversations ON id = conversation
                WHERE sender_id = ? AND client_message_id = ?
                """
        )
        let row = try Row.fetchOne(statement, arguments: [draft.senderID.blob, draft.clientMessageID.description])
        guard let row else { return nil }
        let known = try Message(row, conversation: try row.conversationID(Message.columnCount))
        let digest: Data? = row[Message.columnCount + 1]
        return draft.repeats(known, originalDigest: digest.map(Array.init), in: conversation) ? .duplicate(known) : .conflict
    }

    /// Makes the conversation and, of a direct one, the memberships of its two people.
    private func make(_ stamp: Int64) throws -> Int64 {
        try db.cachedStatement(sql: "INSERT INTO conversations (name, last_message_stamp, stamp) VALUES (?, ?2, ?2)")
            .execute(arguments: [conversation.description, stamp])
        let id = db.lastInsertedRowID
        guard case .direct(let pair) = conversation else { return id }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO memberships (user_id, conversation, other_user_id, stamp) VALUES (?, ?, ?, ?)"
        )
        for member in Set([pair.first, pair.second]) {
            try statement.execute(arguments: [member.blob, id, pair.other(than: member).blob, stamp])
        }
        return id
    }
}
