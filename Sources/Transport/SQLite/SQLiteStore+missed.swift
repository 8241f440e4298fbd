package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func updatedMessages(in conversations: [ConversationID], after stamp: Stamp, limit: Int) async throws(StoreError) -> [Message] {
        guard !conversations.isEmpty, limit > 0 else { return [] }
        let names = try Self.json(Set(conversations).map(\.description))
        return try await read { db in
            // CROSS JOIN keeps the order in which the tables are written: a few conversations, and of each what the index finds.
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Message.columns(of: "messages")), name FROM json_each(?) AS asked
                    CROSS JOIN conversations ON name = asked.value
                    CROSS JOIN messages ON messages.conversation = conversations.id AND rev > 0 AND updated_stamp > ?
                    ORDER BY updated_stamp LIMIT ?
                    """
            )
            return try Self.messages(statement, [names, Int64(clamping: stamp.value), limit])
        }
    }

    package func updates(
        for user: UserID,
        since stamp: Stamp,
        limit: Int
    ) async throws(StoreError) -> (messages: [Message], reads: [ReadCursor]) {
        let found = try await reads.updates.ask(SessionReads.UpdatesRequest(user: user, stamp: stamp, limit: limit))
        return (found.messages, found.reads)
    }

    static func updates(_ request: SessionReads.UpdatesRequest, _ db: Database) throws -> SessionReads.Updates {
        let (user, stamp, limit) = (request.user.blob, Int64(clamping: request.stamp.value), request.limit)
        let changed = try db.cachedStatement(
            sql: """
                SELECT \(Message.columns(of: "messages")), name FROM memberships
                CROSS JOIN conversations ON id = memberships.conversation AND conversations.stamp > ?2
                CROSS JOIN messages ON messages.conversation = conversations.id AND rev > 0 AND updated_stamp > ?2
                WHERE user_id = ?1 AND left_stamp IS NULL ORDER BY updated_stamp LIMIT ?3
                """
        )
        let read = try db.cachedStatement(
            sql: """
                SELECT name, readers.user_id, readers.read_seq FROM memberships AS mine
                CROSS JOIN memberships AS readers ON readers.user_id IN (mine.user_id, mine.other_user_id)
                    AND readers.conversation = mine.conversation AND readers.stamp > ?2 AND readers.read_seq > 0
                CROSS JOIN conversations ON id = mine.conversation
                WHERE mine.user_id = ?1 AND mine.left_stamp IS NULL LIMIT ?3
                """
        )
        let reads = try Array(
            Row.fetchCursor(read, arguments: [user, stamp, limit]).map { row in
                ReadCursor(conversationID: try row.conversationID(0), userID: try row.identifier(1), seq: try row.integer(2))
            }
        )
        return SessionReads.Updates(messages: try Self.messages(changed, [user, stamp, limit]), reads: reads)
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
