package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func updatedMessages(
        in conversations: [ConversationID],
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<Message> {
        guard !conversations.isEmpty else { return .empty }
        let names = try Self.json(Set(conversations).map(\.description))
        return try await read { db in
            // CROSS JOIN keeps the order in which the tables are written: a few conversations, and of each what the index finds.
            try Self.updatedMessages(
                db,
                "json_each(?) AS asked CROSS JOIN conversations ON name = asked.value",
                [names],
                after: position,
                limit: limit
            )
        }
    }

    package func updates(for user: UserID, after position: UpdatesPosition, limit: Int) async throws(StoreError) -> UpdatesPage {
        try await reads.updates.ask(SessionReads.UpdatesRequest(user: user, position: position, limit: limit))
    }

    static func updates(_ request: SessionReads.UpdatesRequest, _ db: Database) throws -> UpdatesPage {
        let (user, limit) = (request.user.blob, request.limit)
        let messages = try request.position.messages.map { position in
            try Self.updatedMessages(
                db,
                """
                memberships CROSS JOIN conversations ON user_id = ? AND left_stamp IS NULL AND id = memberships.conversation
                    AND conversations.stamp >= ?
                """,
                [user, position.value],
                after: position,
                limit: limit
            )
        }
        let reads = try request.position.reads.map { try Self.movedCursors(of: user, after: $0, limit: limit, db) }
        return UpdatesPage(messages: messages ?? .empty, reads: reads ?? .empty)
    }

    /// - Parameter conversations: the tables that say which, with what they are given.
    private static func updatedMessages(
        _ db: Database,
        _ conversations: String,
        _ arguments: StatementArguments,
        after position: ChangePosition,
        limit: Int
    ) throws -> ChangePage<Message> {
        let (stamp, id) = (position.value, try position.blob(of: MessageID.self, position.key))
        let columns = Message.columnCount
        return try Self.page(
            db,
            sql: """
                SELECT updated_stamp, \(Message.columns(of: "messages")), name FROM \(conversations)
                CROSS JOIN messages ON messages.conversation = conversations.id AND rev > 0
                    AND updated_stamp >= ? AND (updated_stamp, message_id) > (?, ?)
                ORDER BY updated_stamp, message_id
                """,
            arguments: arguments + [stamp, stamp, id],
            limit: limit
        ) { row, _ in
            try Message(row, from: 1, conversation: try row.conversationID(columns + 1))
        } key: { _, message in
            message.messageID.description
        }
    }

    /// How far the user and, in direct conversations, the other person have read since.
    private static func movedCursors(
        of user: Data,
        after position: ChangePosition,
        limit: Int,
        _ db: Database
    ) throws -> ChangePage<ReadCursor> {
        let (reader, conversation) = try position.membership()
        return try Self.page(
            db,
            sql: """
                SELECT readers.stamp, name, readers.user_id, readers.read_seq, id FROM memberships AS mine
                CROSS JOIN memberships AS readers ON readers.user_id IN (mine.user_id, mine.other_user_id)
                    AND readers.conversation = mine.conversation AND readers.read_seq > 0
                    AND (readers.stamp, readers.user_id, readers.conversation) > (?2, ?3, ?4)
                CROSS JOIN conversations ON id = mine.conversation
                WHERE mine.user_id = ?1 AND mine.left_stamp IS NULL
                ORDER BY readers.stamp, readers.user_id, readers.conversation
                """,
            arguments: [user, position.value, reader, conversation],
            limit: limit
        ) { row, _ in
            ReadCursor(conversationID: try row.conversationID(1), userID: try row.identifier(2), seq: try row.integer(3))
        } key: { row, cursor in
            "\(cursor.userID) \(try row.integer(4))"
        }
    }

    package func messages(after: [ConversationID: Int64], each: Int, limit: Int) async throws(StoreError) -> [Message] {
        guard !after.isEmpty, each > 0, limit > 0 else { return [] }
        return try await reads.messages.ask(SessionReads.MessagesRequest(after: after, each: each, limit: limit))
    }

    static func messages(_ request: SessionReads.MessagesRequest, _ db: Database) throws -> [Message] {
        let asked = try Self.json(request.after)
        let (each, limit) = (min(request.each, Int(Int32.max)), min(request.limit, Int(Int32.max)))
        // Numbers have no hole, so that it is known before which of them will be read, and none is read in vain.
        let statement = try db.cachedStatement(
            sql: """
                WITH asked AS (
                    SELECT conversations.id, name, value AS seen, min(?1, last_seq - value) AS wanted
                    FROM json_each(?2) CROSS JOIN conversations ON name = key WHERE last_seq > value
                ), ranges AS (
                    SELECT id, name, seen, wanted, sum(wanted) OVER (ORDER BY name) - wanted AS earlier FROM asked
                )
                SELECT \(Message.columns(of: "messages")), name FROM ranges
                CROSS JOIN messages ON messages.conversation = ranges.id AND seq > seen AND seq <= seen + min(wanted, ?3 - earlier)
                WHERE earlier < ?3 ORDER BY name, seq
                """
        )
        return try Self.messages(statement, [each, asked, limit])
    }

    package func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp) {
        let missed = try await reads.missed.ask(SessionReads.MissedRequest(user: user, cursors: cursors, stamp: stamp))
        return (missed.conversations, missed.watermark)
    }

    static func missed(_ request: SessionReads.MissedRequest, _ db: Database) throws -> SessionReads.Missed {
        let named = try Self.json(request.cursors)
        let statement = try db.cachedStatement(sql: Self.missedQuery)
        let arguments: StatementArguments = [
            "cursors": named, "user": request.user.blob, "since": request.stamp.map { Int64(clamping: $0.value) },
        ]
        var conversations: [MissedConversation] = []
        var watermark = Stamp(0)
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while let row = try rows.next() {
            watermark = Stamp(UInt64(clamping: try row.integer(0)))
            guard !row.hasNull(atIndex: 1) else { continue }
            conversations.append(
                MissedConversation(
                    conversationID: try row.conversationID(1),
                    after: try row.integer(2),
                    lastSeq: try row.integer(3)
                )
            )
        }
        return SessionReads.Missed(conversations: conversations, watermark: watermark)
    }

    /// The named conversations that have more, and with a stamp the others of the user that got messages after it.
    ///
    /// Where the user stood at the stamp is searched by halves: in one conversation stamps ascend with the numbers, and those have no
    /// hole. In a channel that was joined later it is the place of the joining. Without a stamp nothing is above it.
    private static let missedQuery = """
        WITH missed AS (
            SELECT name, asked.value AS seen, last_seq FROM json_each(:cursors) AS asked CROSS JOIN conversations ON name = asked.key
            UNION ALL
            SELECT name, max(joined_seq, (
                WITH RECURSIVE search(low, high) AS (
                    SELECT 0, last_seq
                    UNION ALL
                    SELECT iif(messages.stamp <= :since, seq, low), iif(messages.stamp <= :since, high, seq - 1)
                    FROM search CROSS JOIN messages ON messages.conversation = conversations.id AND seq = (low + high + 1) / 2
                    WHERE low < high
                )
                SELECT low FROM search WHERE low = high
            )), last_seq
            FROM memberships CROSS JOIN conversations ON id = memberships.conversation
            WHERE user_id = :user AND left_stamp IS NULL AND last_message_stamp > :since
                AND name NOT IN (SELECT key FROM json_each(:cursors))
        )
        SELECT counter.stamp, name, seen, last_seq FROM counter LEFT JOIN missed ON seen < last_seq WHERE counter.id = 1
        """

    private static func messages(_ statement: Statement, _ arguments: StatementArguments) throws -> [Message] {
        try Array(
            Row.fetchCursor(statement, arguments: arguments).map { row in
                try Message(row, conversation: try row.conversationID(Message.columnCount))
            }
        )
    }

    private static func json(_ numbers: [ConversationID: Int64]) throws(StoreError) -> String {
        // A number below zero asks for what zero does.
        try json(Dictionary(uniqueKeysWithValues: numbers.map { ($0.description, max(0, $1)) }))
    }

    /// Lists of any length in one parameter, for `json_each`.
    private static func json(_ value: some Encodable) throws(StoreError) -> String {
        do {
            return String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        } catch {
            throw StoreError(.other, "a list of conversations can't be encoded")
        }
    }
}
