package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func messages(
        in conversation: ConversationID,
        before: Int64?,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> MessagePage {
        let limit = min(max(0, limit), Int(Int32.max))
        return try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Message.columns) FROM messages
                    WHERE conversation = (SELECT id FROM conversations WHERE name = ?) AND seq > ? AND seq < ?
                    ORDER BY seq \(after == nil ? "DESC" : "ASC") LIMIT ?
                    """
            )
            let rows = try Row.fetchCursor(
                statement,
                arguments: [conversation.description, after ?? 0, before ?? .max, limit + 1]
            )
            let found = try Array(rows.map { try Message($0, conversation: conversation) })
            let page = found.prefix(limit)
            return MessagePage(messages: after == nil ? page.reversed() : Array(page), hasMore: found.count > limit)
        }
    }

    package func lastSeq(in conversation: ConversationID, at stamp: Stamp) async throws(StoreError) -> Int64 {
        try await reads.positions.ask(SessionReads.PositionRequest(conversation: conversation, stamp: stamp))
    }

    static func position(_ request: SessionReads.PositionRequest, _ db: Database) throws -> Int64 {
        // From the newest downwards: the index holds the stamp, and few messages are newer than what is asked for.
        let statement = try db.cachedStatement(
            sql: """
                SELECT seq FROM messages
                WHERE conversation = (SELECT id FROM conversations WHERE name = ?) AND stamp <= ?
                ORDER BY seq DESC LIMIT 1
                """
        )
        return try Int64.fetchOne(statement, arguments: [request.conversation.description, Int64(clamping: request.stamp.value)]) ?? 0
    }

    package func conversations(
        of user: UserID,
        after position: ConversationPosition?,
        limit: Int
    ) async throws(StoreError) -> ConversationPage {
        let limit = min(max(0, limit), Int(Int32.max))
        return try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Message.columns(of: "messages")), mine.name, mine.last_seq, mine.read_seq, username, title,
                        mine.last_message_stamp
                    FROM (
                        SELECT id, name, last_seq, last_message_stamp, read_seq, other_user_id
                        FROM memberships JOIN conversations ON id = conversation
                        WHERE user_id = ? AND left_stamp IS NULL AND (last_message_stamp, name) < (?, ?)
                        ORDER BY last_message_stamp DESC, name DESC LIMIT ?
                    ) AS mine
                    LEFT JOIN messages ON messages.conversation = mine.id AND messages.seq = mine.last_seq
                    LEFT JOIN users ON users.user_id = mine.other_user_id
                    LEFT JOIN channels ON channels.conversation = mine.id
                    ORDER BY mine.last_message_stamp DESC, mine.name DESC
                    """
            )
            let (stamp, name) = (Int64(clamping: position?.stamp.value ?? .max), position?.conversationID.description ?? "")
            let rows = try Row.fetchCursor(statement, arguments: [user.blob, stamp, name, limit + 1])
            let found = try Array(
                rows.map { row in
                    let stamp = Stamp(UInt64(clamping: try row.integer(Message.columnCount + 5)))
                    let summary = try ConversationSummary(row)
                    let position = ConversationPosition(stamp: stamp, messageID: nil, conversationID: summary.conversationID)
                    return (summary: summary, position: position)
                }
            )
            return ConversationPage(found: found, limit: limit)
        }
    }
}

extension ConversationSummary {
    /// Reads a message's columns, then name, last seq, read seq, the other person's name, the channel's title.
    fileprivate init(_ row: Row) throws {
        let first = Message.columnCount
        let conversation = try row.conversationID(first)
        let title =
            switch conversation {
            case .direct: row.optionalText(first + 3) ?? ""
            case .channel(let name): row.optionalText(first + 4) ?? name.description
            }
        self.init(
            conversationID: conversation,
            title: title,
            lastSeq: try row.integer(first + 1),
            readSeq: try row.integer(first + 2),
            lastMessage: row.hasNull(atIndex: 0) ? nil : try Message(row, conversation: conversation)
        )
    }
}

extension Message {
    private static let columnNames = [
        "message_id", "seq", "sender_id", "sender_name", "content", "client_message_id", "created_at", "edited_at", "deleted_at",
        "reactions", "rev",
    ]
    static let columns = columnNames.joined(separator: ", ")
    static let columnCount = columnNames.count

    static func columns(of table: String) -> String {
        columnNames.map { "\(table).\($0)" }.joined(separator: ", ")
    }

    /// - Parameter first: the column of the message's first one.
    init(_ row: Row, from first: Int = 0, conversation: ConversationID) throws {
        guard let clientMessageID = ClientMessageID(try row.text(first + 5)) else { throw Row.damaged }
        self.init(
            messageID: try row.identifier(first),
            conversationID: conversation,
            seq: try row.integer(first + 1),
            senderID: try row.identifier(first + 2),
            senderName: try row.text(first + 3),
            content: try row.text(first + 4),
            clientMessageID: clientMessageID,
            createdAt: try row.timestamp(first + 6),
            editedAt: try row.optionalTimestamp(first + 7),
            deletedAt: try row.optionalTimestamp(first + 8),
            reactions: try row.optionalText(first + 9).map { try Reactions(json: $0) } ?? Reactions(),
            rev: try row.integer(first + 10)
        )
    }
}
