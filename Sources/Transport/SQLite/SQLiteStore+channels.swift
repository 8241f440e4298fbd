package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func createChannel(_ channel: ChatChannel) async throws(StoreError) {
        let isNew = try await commits.submit { db, stamps in
            let name = ConversationID.channel(channel.name).description
            // The conversation comes with the channel, so that one can join before anything was said.
            try db.cachedStatement(
                sql: "INSERT INTO conversations (name, last_message_stamp, stamp) VALUES (?, ?2, ?2) ON CONFLICT (name) DO NOTHING"
            ).execute(arguments: [name, stamps.next()])
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO channels (conversation, title, created_by, created_at)
                    SELECT id, ?, ?, ? FROM conversations WHERE name = ? ON CONFLICT DO NOTHING
                    """
            )
            try statement.execute(arguments: [
                StoredText(channel.title), channel.createdBy.blob, channel.createdAt.milliseconds, name,
            ])
            return db.changesCount > 0
        }
        guard isNew else { throw StoreError(.duplicateKey, "channel name") }
    }

    package func channel(_ name: ChannelName) async throws(StoreError) -> ChannelSummary? {
        try await read { db in try Self.channel(name, db)?.summary }
    }

    package func channels(after: ChannelName?, limit: Int) async throws(StoreError) -> [ChannelSummary] {
        try await read { db in
            // All names of channels, and no others, lie between `ch:` and `ch;`.
            let statement = try db.cachedStatement(
                sql: "\(StoredChannel.selection) WHERE name > ? AND name < 'ch;' ORDER BY name LIMIT ?"
            )
            let start = after.map { ConversationID.channel($0).description } ?? "ch:"
            return try Array(Row.fetchCursor(statement, arguments: [start, max(0, limit)]).map { try StoredChannel($0).summary })
        }
    }

    package func join(_ name: ChannelName, user: UserID, limit: Int) async throws(StoreError) -> JoinOutcome {
        try await commits.submit { db, stamps in
            guard let channel = try Self.channel(name, db) else { return .noSuchChannel }
            let mine = try db.cachedStatement(
                sql: "SELECT count(*), coalesce(sum(conversation = ?), 0) FROM memberships WHERE user_id = ? AND \(Self.isInChannel)"
            )
            guard let row = try Row.fetchOne(mine, arguments: [channel.conversation, user.blob]) else { throw Row.damaged }
            if try row.boolean(1) { return .alreadyMember(channel.summary) }
            guard try row.integer(0) < Int64(limit) else { return .tooManyChannels }
            // Who comes back has read what was read before.
            try db.cachedStatement(
                sql: """
                    INSERT INTO memberships (user_id, conversation, read_seq, joined_seq, stamp) VALUES (?1, ?2, ?3, ?3, ?4)
                    ON CONFLICT (user_id, conversation) DO UPDATE SET left_stamp = NULL, joined_seq = ?3, stamp = ?4
                    """
            ).execute(arguments: [user.blob, channel.conversation, channel.summary.lastSeq, stamps.next()])
            return .joined(channel.summary.with(members: channel.summary.members + 1))
        }
    }

    package func leave(_ name: ChannelName, user: UserID) async throws(StoreError) -> LeaveOutcome {
        try await commits.submit { db, stamps in
            guard let channel = try Self.channel(name, db) else { return .noSuchChannel }
            try db.cachedStatement(
                sql: """
                    UPDATE memberships SET left_stamp = ?1, stamp = ?1 WHERE user_id = ?2 AND conversation = ?3 AND left_stamp IS NULL
                    """
            ).execute(arguments: [stamps.next(), user.blob, channel.conversation])
            return db.changesCount > 0 ? .left : .notMember
        }
    }

    package func isMember(_ user: UserID, of name: ChannelName) async throws(StoreError) -> Bool {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM memberships
                        WHERE user_id = ? AND conversation = (SELECT id FROM conversations WHERE name = ?) AND \(Self.isInChannel)
                    )
                    """
            )
            return try Bool.fetchOne(statement, arguments: [user.blob, ConversationID.channel(name).description]) ?? false
        }
    }

    package func joinedSeq(of user: UserID, in name: ChannelName) async throws(StoreError) -> Int64? {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT joined_seq FROM memberships
                    WHERE user_id = ? AND conversation = (SELECT id FROM conversations WHERE name = ?) AND left_stamp IS NULL
                    """
            )
            return try Int64.fetchOne(statement, arguments: [user.blob, ConversationID.channel(name).description])
        }
    }

    package func channels(of user: UserID) async throws(StoreError) -> [ChannelName] {
        try await reads.channels.ask(user)
    }

    static func channels(of user: UserID, _ db: Database) throws -> [ChannelName] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT name FROM memberships CROSS JOIN conversations ON id = conversation
                WHERE user_id = ? AND \(Self.isInChannel) ORDER BY name
                """
        )
        return try Array(Row.fetchCursor(statement, arguments: [user.blob]).map { try $0.channelName(0) })
    }

    package func members(of name: ChannelName, after: UserID?, limit: Int) async throws(StoreError) -> [UserID] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT user_id FROM memberships
                    WHERE conversation = (SELECT id FROM conversations WHERE name = ?) AND left_stamp IS NULL AND user_id > ?
                    ORDER BY user_id LIMIT ?
                    """
            )
            let arguments: StatementArguments = [
                ConversationID.channel(name).description, after?.blob ?? Data(), max(0, limit),
            ]
            return try Array(Row.fetchCursor(statement, arguments: arguments).map { try $0.identifier(0) })
        }
    }

    /// Of memberships: that of a channel, which was not left. Every direct one names the other person.
    private static let isInChannel = "left_stamp IS NULL AND other_user_id IS NULL"

    private static func channel(_ name: ChannelName, _ db: Database) throws -> StoredChannel? {
        let statement = try db.cachedStatement(sql: "\(StoredChannel.selection) WHERE name = ?")
        return try Row.fetchOne(statement, arguments: [ConversationID.channel(name).description]).map { try StoredChannel($0) }
    }
}

/// A channel with the number of its conversation.
private struct StoredChannel {
    static let selection = """
        SELECT id, name, title, created_by, created_at, last_seq,
            (SELECT count(*) FROM memberships WHERE memberships.conversation = id AND left_stamp IS NULL)
        FROM conversations CROSS JOIN channels ON channels.conversation = id
        """

    let conversation: Int64
    let summary: ChannelSummary

    init(_ row: Row) throws {
        conversation = try row.integer(0)
        let channel = ChatChannel(
            name: try row.channelName(1),
            title: try row.text(2),
            createdBy: try row.identifier(3),
            createdAt: try row.timestamp(4)
        )
        summary = ChannelSummary(channel: channel, members: Int(try row.integer(6)), lastSeq: try row.integer(5))
    }
}

extension ChannelSummary {
    fileprivate func with(members: Int) -> ChannelSummary {
        ChannelSummary(channel: channel, members: members, lastSeq: lastSeq)
    }
}

extension Row {
    fileprivate func channelName(_ column: Int) throws -> ChannelName {
        guard case .channel(let name) = try conversationID(column) else { throw Self.damaged }
        return name
    }
}
