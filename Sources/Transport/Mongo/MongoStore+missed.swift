package import Actors

extension MongoStore {
    package func updatedMessages(in conversations: [ConversationID], after stamp: Stamp, limit: Int) async throws(StoreError) -> [Message] {
        guard !conversations.isEmpty, limit > 0 else { return [] }
        let ids = Set(conversations).map { BSONValue.conversation($0) }
        return try await perform { try Self.updatedMessages(in: ids, after: stamp, limit: limit, $0) }
    }

    /// Four queries: the user's memberships, which are its own cursors too; the other people's memberships; how far those whose cursors
    /// moved have sent; the messages.
    package func updates(
        for user: UserID,
        since stamp: Stamp,
        limit: Int
    ) async throws(StoreError) -> (messages: [Message], reads: [ReadCursor]) {
        guard limit > 0 else { return ([], []) }
        return try await perform { client in
            let mine = try client.find(MongoSchema.memberships, ["userId": .id(user), "isMember": MongoSchema.notLeft])
            guard !mine.isEmpty else { return ([], []) }
            let others = try client.find(
                MongoSchema.memberships,
                [
                    "otherUserId": .id(user), "userId": .document(["$ne": .id(user)]),
                    "stamp": .document(["$gt": .timestamp(stamp.value)]),
                ],
                ["sort": .document(["stamp": .int32(1)])]
            )
            let moved = try (mine + others).filter { try $0.stamp("stamp") > stamp }
            let reads = try Self.cursors(of: moved, client).filter { $0.cursor.seq > 0 }.sorted { $0.stamp < $1.stamp }
            let ids = try mine.map { BSONValue.conversation(try $0.conversationID("conversationId")) }
            return (try Self.updatedMessages(in: ids, after: stamp, limit: limit, client), reads.prefix(limit).map(\.cursor))
        }
    }

    /// How far those of the memberships have read, which is at least their own last message.
    private static func cursors(of memberships: [BSONDocument], _ client: MongoClient) throws -> [(stamp: Stamp, cursor: ReadCursor)] {
        guard !memberships.isEmpty else { return [] }
        let ids = try Set(memberships.map { try $0.conversationID("conversationId") }).map { BSONValue.conversation($0) }
        let found = try client.find(MongoSchema.conversations, ["_id": .document(["$in": .array(ids)])])
        let conversations = Dictionary(try found.map { (try $0.conversationID("_id"), $0) }) { first, _ in first }
        return try memberships.map { membership in
            let (id, user) = (try membership.conversationID("conversationId"), try membership.identifier("userId") as UserID)
            let sent = try conversations[id]?.sentSeq(of: user, in: id) ?? 0
            let seq = max(try membership.integer("readSeq"), sent)
            return (try membership.stamp("stamp"), ReadCursor(conversationID: id, userID: user, seq: seq))
        }
    }

    /// Two queries: the conversations' last numbers, from which it follows what will be read, and the messages.
    package func messages(after: [ConversationID: Int64], each: Int, limit: Int) async throws(StoreError) -> [Message] {
        guard !after.isEmpty, each > 0, limit > 0 else { return [] }
        return try await perform { client in
            let lastSeqs = try client.find(
                MongoSchema.conversations,
                ["_id": .document(["$in": .array(after.keys.map { .conversation($0) })])],
                ["projection": .document(["lastSeq": .int32(1)]), "sort": .document(["_id": .int32(1)])]
            )
            var room = Int64(limit)
            var ranges: [BSONValue] = []
            for document in lastSeqs where room > 0 {
                let id = try document.conversationID("_id")
                let seen = max(0, after[id] ?? 0)
                let wanted = min(Int64(each), try document.integer("lastSeq") - seen, room)
                guard wanted > 0 else { continue }
                room -= wanted
                let numbers: BSONDocument = ["$gt": .int64(seen), "$lte": .int64(seen + wanted)]
                ranges.append(.document(["conversationId": .conversation(id), "seq": .document(numbers)]))
            }
            guard !ranges.isEmpty else { return [] }
            let found = try client.find(MongoSchema.messages, ["$or": .array(ranges)]).map { try Message($0) }
            return found.sorted { ($0.conversationID.description, $0.seq) < ($1.conversationID.description, $1.seq) }
        }
    }

    /// Three queries: the watermark, before what it must not be above; the user's memberships; the conversations with what was there
    /// at the stamp.
    package func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp) {
        try await perform { client in
            let watermark = try Self.latestStamp(client)
            let others = try stamp == nil ? [:] : Self.memberships(of: user, client).filter { cursors[$0.key] == nil }
            guard !cursors.isEmpty || !others.isEmpty else { return ([], watermark) }
            let found = try client.aggregate(
                MongoSchema.conversations,
                Self.missedStages(named: Array(cursors.keys), others: Array(others.keys), since: stamp ?? .latest)
            )
            let conversations = try found.compactMap { document -> MissedConversation? in
                let id = try document.conversationID("_id")
                let lastSeq = try document.integer("lastSeq")
                // In a channel that was joined after the stamp it begins at the joining.
                let seen = try cursors[id] ?? max(others[id] ?? 0, document.documents("seen").first?.integer("seq") ?? 0)
                guard lastSeq > seen else { return nil }
                return MissedConversation(conversationID: id, after: max(0, seen), lastSeq: lastSeq)
            }
            return (conversations, watermark)
        }
    }

    private static func missedStages(named: [ConversationID], others: [ConversationID], since stamp: Stamp) -> [BSONDocument] {
        func among(_ ids: [ConversationID]) -> BSONValue {
            .document(["$in": .array(ids.map { .conversation($0) })])
        }
        // From the newest downwards in the index of numbers. What has no stamp yet is not known to be old.
        let lastSeen: [BSONDocument] = [
            ["$match": .document(["stamp": .document(["$gt": .timestamp(0), "$lte": .timestamp(stamp.value)])])],
            ["$sort": .document(["seq": .int32(-1)])],
            ["$limit": .int32(1)],
            ["$project": .document(["_id": .int32(0), "seq": .int32(1)])],
        ]
        let withNews: [BSONDocument] = [
            ["$match": .document(["_id": among(others), "lastMessageStamp": .document(["$gt": .timestamp(stamp.value)])])],
            [
                "$lookup": .document([
                    "from": .string(MongoSchema.messages), "localField": .string("_id"), "foreignField": .string("conversationId"),
                    "pipeline": .array(lastSeen.map(BSONValue.document)), "as": .string("seen"),
                ])
            ],
            ["$project": .document(["lastSeq": .int32(1), "seen": .int32(1)])],
        ]
        return [
            ["$match": .document(["_id": among(named)])],
            ["$project": .document(["lastSeq": .int32(1)])],
            [
                "$unionWith": .document([
                    "coll": .string(MongoSchema.conversations), "pipeline": .array(withNews.map(BSONValue.document)),
                ])
            ],
        ]
    }

    private static func updatedMessages(
        in ids: [BSONValue],
        after stamp: Stamp,
        limit: Int,
        _ client: MongoClient
    ) throws -> [Message] {
        try client.find(
            MongoSchema.messages,
            ["conversationId": .document(["$in": .array(ids)]), "updatedStamp": .document(["$gt": .timestamp(stamp.value)])],
            ["sort": .document(["updatedStamp": .int32(1)]), "limit": .int64(Int64(limit))]
        ).map { try Message($0) }
    }

    /// The conversations that a user is in, each with the channel's last number when it was joined.
    private static func memberships(of user: UserID, _ client: MongoClient) throws -> [ConversationID: Int64] {
        let found = try client.find(
            MongoSchema.memberships,
            ["userId": .id(user), "isMember": MongoSchema.notLeft],
            ["projection": .document(["conversationId": .int32(1), "joinedSeq": .int32(1)])]
        )
        let places = try found.map { (try $0.conversationID("conversationId"), try $0.optionalInteger("joinedSeq") ?? 0) }
        return Dictionary(places) { first, _ in first }
    }
}
