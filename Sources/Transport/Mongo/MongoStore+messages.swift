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
            // Whichever page it is: the reader's next SYNC may name any number of it.
            if let newest = after == nil ? found.first : found.last { try Self.raiseIfBehind(newest, client) }
            let page = found.prefix(limit)
            return MessagePage(messages: after == nil ? page.reversed() : Array(page), hasMore: found.count > limit)
        }
    }

    package func lastSeq(in conversation: ConversationID, at stamp: Stamp) async throws(StoreError) -> Int64 {
        try await reads.positions.ask(SessionReads.PositionRequest(conversation: conversation, stamp: stamp))
    }

    package func conversations(
        of user: UserID,
        after position: ConversationPosition?,
        limit: Int
    ) async throws(StoreError) -> ConversationPage {
        let limit = min(limit, Int(Int32.max))
        let nothing = ConversationPage(conversations: [], next: nil)
        guard limit > 0 else { return nothing }
        return try await perform { client in
            let memberships = try client.find(
                MongoSchema.memberships,
                ["userId": .id(user), "isMember": MongoSchema.notLeft],
                ["projection": .document(["conversationId": .int32(1), "readSeq": .int32(1)])]
            )
            let readSeqs = try Dictionary(
                memberships.map { (try $0.text("conversationId"), try $0.integer("readSeq")) },
                uniquingKeysWith: max
            )
            guard !readSeqs.isEmpty else { return nothing }
            let mine: BSONDocument = ["_id": .document(["$in": .array(readSeqs.keys.map(BSONValue.string))])]
            let conversations = try client.find(
                MongoSchema.conversations,
                position.map { ["$and": .array([.document(mine), .document(Self.listed(after: $0))])] } ?? mine,
                [
                    "sort": .document(["lastMessageStamp": .int32(-1), "lastMessageId": .int32(-1), "_id": .int32(-1)]),
                    "limit": .int64(Int64(limit) + 1),
                ]
            ).map { try ListedConversation($0, for: user) }
            guard !conversations.isEmpty else { return nothing }
            let details = try ListedDetails(of: conversations, for: user, client)
            let found = conversations.map { conversation in
                let summary = ConversationSummary(
                    conversationID: conversation.id,
                    title: details.titles[conversation.id] ?? conversation.fallbackTitle,
                    lastSeq: conversation.lastSeq,
                    readSeq: max(readSeqs[conversation.id.description] ?? 0, conversation.sentSeq),
                    lastMessage: details.lastMessages[conversation.id]
                )
                return (summary: summary, position: conversation.position)
            }
            return ConversationPage(found: found, limit: limit)
        }
    }

    /// The conversations behind a place in the list.
    private static func listed(after position: ConversationPosition) -> BSONDocument {
        let stamp = BSONValue.timestamp(position.stamp.value)
        let older: BSONDocument = ["lastMessageStamp": .document(["$lt": stamp])]
        let message = position.messageID.map { BSONValue.id($0) }
        let beside: BSONDocument = [
            "lastMessageStamp": stamp, "lastMessageId": message ?? .null,
            "_id": .document(["$lt": .conversation(position.conversationID)]),
        ]
        guard let message else { return ["$or": .array([.document(older), .document(beside)])] }
        // A channel that has no message comes last.
        let earlier: BSONDocument = ["lastMessageStamp": stamp, "lastMessageId": .document(["$lt": message])]
        let empty: BSONDocument = ["lastMessageStamp": stamp, "lastMessageId": .null]
        return ["$or": .array([.document(older), .document(earlier), .document(empty), .document(beside)])]
    }

    /// Whoever sees a message that its conversation doesn't know of raises it: its writer may have died before it could.
    static func raiseIfBehind(_ newest: Message, _ client: MongoClient) throws {
        guard try raisedSeq(of: newest.conversationID, client) < newest.seq else { return }
        let readSeqs = [newest.senderID: newest.seq]
        try raise(AppendRaise(conversation: newest.conversationID, newest: newest, readSeqs: readSeqs), client)
    }

    /// The number up to which the conversation's messages are there for whoever asks what came: one above it is stored, and nobody was
    /// promised it yet.
    static func raisedSeq(of conversation: ConversationID, _ client: MongoClient) throws -> Int64 {
        let found = try client.find(
            MongoSchema.conversations,
            ["_id": .conversation(conversation)],
            ["projection": .document(["lastSeq": .int32(1)])]
        )
        return try found.first?.integer("lastSeq") ?? 0
    }

    /// Gives messages that were stored a while ago and are raised only now the stamp of now: who came in between with a stamp above their
    /// first one has not had them.
    static func renewStamps(in conversation: ConversationID, after raised: Int64, upTo seq: Int64, _ client: MongoClient) throws {
        guard raised < seq else { return }
        let statement: BSONDocument = [
            "q": .document([
                "conversationId": .conversation(conversation), "seq": .document(["$gt": .int64(raised), "$lte": .int64(seq)]),
            ]),
            "u": .document(["$currentDate": .document(["stamp": .document(["$type": .string("timestamp")])])]),
            "multi": .bool(true),
        ]
        _ = try client.write(["update": .string(MongoSchema.messages), "updates": .array([.document(statement)])])
    }
}

/// A conversation's document.
private struct ListedConversation {
    let id: ConversationID
    let position: ConversationPosition
    let lastSeq: Int64
    let sentSeq: Int64

    init(_ document: BSONDocument, for user: UserID) throws {
        id = try document.conversationID("_id")
        position = ConversationPosition(
            stamp: try document.value("lastMessageStamp") == nil ? Stamp(0) : document.stamp("lastMessageStamp"),
            messageID: try document.value("lastMessageId") == nil ? nil : document.identifier("lastMessageId"),
            conversationID: id
        )
        lastSeq = try document.integer("lastSeq")
        sentSeq = try document.sentSeq(of: user, in: id)
    }

    var fallbackTitle: String {
        switch id {
        case .direct: ""
        case .channel(let name): name.description
        }
    }
}

/// What a list shows of conversations besides their own documents: the last messages, the other people's names, the channels' titles.
/// One query, whose documents tell by their fields what they are.
private struct ListedDetails {
    private(set) var lastMessages: [ConversationID: Message] = [:]
    private(set) var titles: [ConversationID: String] = [:]

    init(of conversations: [ListedConversation], for user: UserID, _ client: MongoClient) throws {
        var others: [UserID: ConversationID] = [:]
        var channels: [BSONValue] = []
        for conversation in conversations {
            switch conversation.id {
            case .direct(let pair): others[pair.other(than: user)] = conversation.id
            case .channel: channels.append(.conversation(conversation.id))
            }
        }
        let places = conversations.map { conversation -> BSONValue in
            .document(["conversationId": .conversation(conversation.id), "seq": .int64(conversation.lastSeq)])
        }
        var stages: [BSONDocument] = [["$match": .document(["$or": .array(places)])]]
        if !others.isEmpty { stages.append(Self.union(MongoSchema.users, others.keys.map { .id($0) }, "username")) }
        if !channels.isEmpty { stages.append(Self.union(MongoSchema.channels, channels, "title")) }
        for document in try client.aggregate(MongoSchema.messages, stages) {
            if let name = try document.optionalText("username") {
                if let conversation = others[try document.identifier("_id")] { titles[conversation] = name }
            } else if let title = try document.optionalText("title") {
                titles[try document.conversationID("_id")] = title
            } else {
                let message = try Message(document)
                lastMessages[message.conversationID] = message
            }
        }
    }

    private static func union(_ collection: String, _ ids: [BSONValue], _ field: String) -> BSONDocument {
        let stages: [BSONDocument] = [
            ["$match": .document(["_id": .document(["$in": .array(ids)])])],
            ["$project": .document([field: .int32(1)])],
        ]
        return ["$unionWith": .document(["coll": .string(collection), "pipeline": .array(stages.map(BSONValue.document))])]
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
        guard let clientMessageID = ClientMessageID(try document.text("clientMessageId")) else {
            throw BSONDocument.damaged("clientMessageId")
        }
        self.init(
            messageID: try document.identifier("_id"),
            conversationID: try document.conversationID("conversationId"),
            seq: try document.integer("seq"),
            senderID: try document.identifier("senderId"),
            senderName: try document.text("senderName"),
            content: try document.text("content"),
            clientMessageID: clientMessageID,
            createdAt: try document.time("createdAt"),
            editedAt: try document.optionalTime("editedAt"),
            deletedAt: try document.optionalTime("deletedAt"),
            reactions: try Reactions(document.documents("reactions")),
            rev: try document.optionalInteger("rev") ?? 0
        )
    }
}
