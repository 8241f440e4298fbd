package import Actors

extension MongoStore {
    package func messages(
        in conversation: ConversationID,
        before: Int64?,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> MessagePage {
        let limit = min(max(0, limit), Int(Int32.max))
        return try await perform { client in
            let found = try client.find(
                MongoSchema.messages,
                [
                    "conversationId": .conversation(conversation),
                    "seq": .document(["$gt": .int64(after ?? 0), "$lt": .int64(before ?? .max)]),
                ],
                ["sort": .document(["seq": .int32(after == nil ? -1 : 1)]), "limit": .int64(Int64(limit) + 1)]
            ).map { try Message($0) }
            let reachesEnd = before == nil && (after == nil || found.count <= limit)
            if reachesEnd, let newest = found.max(by: { $0.seq < $1.seq }) {
                try Self.raiseIfBehind(newest, client)
            }
            let page = found.prefix(limit)
            return MessagePage(messages: after == nil ? page.reversed() : Array(page), hasMore: found.count > limit)
        }
    }

    package func lastSeq(in conversation: ConversationID, at stamp: Stamp) async throws(StoreError) -> Int64 {
        try await perform { client in
            // From the newest downwards in the index of numbers: few messages are newer than what is asked for.
            let found = try client.find(
                MongoSchema.messages,
                [
                    "conversationId": .conversation(conversation),
                    // What has no stamp yet is not known to be old.
                    "stamp": .document(["$gt": .timestamp(0), "$lte": .timestamp(stamp.value)]),
                ],
                ["sort": .document(["seq": .int32(-1)]), "limit": .int64(1), "projection": .document(["seq": .int32(1)])]
            )
            return try found.first?.integer("seq") ?? 0
        }
    }

    package func conversations(of user: UserID, limit: Int) async throws(StoreError) -> [ConversationSummary] {
        guard limit > 0 else { return [] }
        return try await perform { client in
            let memberships = try client.find(
                MongoSchema.memberships,
                ["userId": .id(user), "leftStamp": .document(["$exists": .bool(false)])],
                ["projection": .document(["conversationId": .int32(1), "readSeq": .int32(1)])]
            )
            let readSeqs = try Dictionary(
                memberships.map { (try $0.text("conversationId"), try $0.integer("readSeq")) },
                uniquingKeysWith: max
            )
            guard !readSeqs.isEmpty else { return [] }
            let conversations = try client.find(
                MongoSchema.conversations,
                ["_id": .document(["$in": .array(readSeqs.keys.map(BSONValue.string))])],
                [
                    "sort": .document(["lastMessageStamp": .int32(-1), "lastMessageId": .int32(-1)]), "limit": .int64(Int64(limit)),
                ]
            ).map { try ListedConversation($0) }
            let lastMessages = try Self.lastMessages(of: conversations, client)
            let titles = try Self.titles(of: conversations, for: user, client)
            return conversations.map { conversation in
                ConversationSummary(
                    conversationID: conversation.id,
                    title: titles[conversation.id] ?? conversation.fallbackTitle,
                    lastSeq: conversation.lastSeq,
                    readSeq: readSeqs[conversation.id.description] ?? 0,
                    lastMessage: lastMessages[conversation.id]
                )
            }
        }
    }

    /// Whoever sees a message that its conversation doesn't know of raises it: its writer may have died before it could.
    private static func raiseIfBehind(_ newest: Message, _ client: MongoClient) throws {
        let found = try client.find(
            MongoSchema.conversations,
            ["_id": .conversation(newest.conversationID)],
            ["projection": .document(["lastSeq": .int32(1)])]
        )
        guard try found.first?.integer("lastSeq") ?? 0 < newest.seq else { return }
        try raise(AppendRaise(conversation: newest.conversationID, newest: newest), client)
    }

    private static func lastMessages(
        of conversations: [ListedConversation],
        _ client: MongoClient
    ) throws -> [ConversationID: Message] {
        let places = conversations.map { conversation -> BSONValue in
            .document(["conversationId": .conversation(conversation.id), "seq": .int64(conversation.lastSeq)])
        }
        guard !places.isEmpty else { return [:] }
        let found = try client.find(MongoSchema.messages, ["$or": .array(places)]).map { try Message($0) }
        return Dictionary(found.map { ($0.conversationID, $0) }) { first, _ in first }
    }

    /// The other person's name, or the channel's title.
    private static func titles(
        of conversations: [ListedConversation],
        for user: UserID,
        _ client: MongoClient
    ) throws -> [ConversationID: String] {
        var others: [UserID: ConversationID] = [:]
        var channels: [BSONValue] = []
        for conversation in conversations {
            switch conversation.id {
            case .direct(let pair): others[pair.other(than: user)] = conversation.id
            case .channel: channels.append(.conversation(conversation.id))
            }
        }
        var titles: [ConversationID: String] = [:]
        if !others.isEmpty {
            let names = try client.find(
                MongoSchema.users,
                ["_id": .document(["$in": .array(others.keys.map { .id($0) })])],
                ["projection": .document(["username": .int32(1)])]
            )
            for name in names {
                if let conversation = others[try name.identifier("_id")] { titles[conversation] = try name.text("username") }
            }
        }
        if !channels.isEmpty {
            for channel in try client.find(MongoSchema.channels, ["_id": .document(["$in": .array(channels)])]) {
                if let id = ConversationID(try channel.text("_id")) { titles[id] = try channel.text("title") }
            }
        }
        return titles
    }
}

/// A conversation's document.
private struct ListedConversation {
    let id: ConversationID
    let lastSeq: Int64

    init(_ document: BSONDocument) throws {
        guard let id = ConversationID(try document.text("_id")) else { throw BSONDocument.damaged("_id") }
        self.id = id
        lastSeq = try document.integer("lastSeq")
    }

    var fallbackTitle: String {
        switch id {
        case .direct: ""
        case .channel(let name): name.description
        }
    }
}

extension Message {
    /// - Parameter stamp: zero where the server replaces it by its own time.
    func document(stamp: Stamp) -> BSONDocument {
        [
            "_id": .id(messageID),
            "conversationId": .conversation(conversationID),
            "seq": .int64(seq),
            "senderId": .id(senderID),
            "senderName": .string(senderName),
            "content": .string(content),
            "clientMessageId": .string(clientMessageID.description),
            "createdAt": .time(createdAt),
            "stamp": .timestamp(stamp.value),
        ]
    }

    init(_ document: BSONDocument) throws {
        guard let conversationID = ConversationID(try document.text("conversationId")) else {
            throw BSONDocument.damaged("conversationId")
        }
        guard let clientMessageID = ClientMessageID(try document.text("clientMessageId")) else {
            throw BSONDocument.damaged("clientMessageId")
        }
        self.init(
            messageID: try document.identifier("_id"),
            conversationID: conversationID,
            seq: try document.integer("seq"),
            senderID: try document.identifier("senderId"),
            senderName: try document.text("senderName"),
            content: try document.text("content"),
            clientMessageID: clientMessageID,
            createdAt: try document.time("createdAt")
        )
    }
}
