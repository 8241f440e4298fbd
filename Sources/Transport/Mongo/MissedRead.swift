import Actors

/// What several sessions missed: three queries for all of them, and one more for those that bring the same stamp, where conversations
/// that they don't name have news.
struct MissedRead {
    private struct Conversation {
        let lastSeq: Int64
        let lastMessageStamp: Stamp
    }

    private let requests: [SessionReads.MissedRequest]
    /// Of each request the user's conversations that it doesn't name, each with the channel's last number when it was joined.
    private let others: [[ConversationID: Int64]]

    init(_ requests: [SessionReads.MissedRequest], _ client: MongoClient) throws {
        self.requests = requests
        let users = Set(requests.filter { $0.stamp != nil }.map(\.user))
        let joined = try Self.memberships(of: users, client)
        others = requests.map { request in
            guard request.stamp != nil else { return [:] }
            return (joined[request.user] ?? [:]).filter { request.cursors[$0.key] == nil }
        }
    }

    func answers(_ latestStamp: LatestStamp, _ client: MongoClient) throws -> [SessionReads.Missed] {
        // Before what it must not be above.
        let watermark = try latestStamp.watermark(client)
        let conversations = try conversations(client)
        let seen = try seen(conversations, client)
        return zip(requests, others).map { request, others in
            var missed: [MissedConversation] = []
            for (id, cursor) in request.cursors {
                guard let lastSeq = conversations[id]?.lastSeq, lastSeq > max(0, cursor) else { continue }
                missed.append(MissedConversation(conversationID: id, after: max(0, cursor), lastSeq: lastSeq))
            }
            for (id, joinedSeq) in others {
                guard let stamp = request.stamp, let lastSeq = conversations[id]?.lastSeq, let atStamp = seen[stamp]?[id] else { continue }
                // In a channel that was joined after the stamp it begins at the joining.
                let after = max(joinedSeq, atStamp)
                if lastSeq > after { missed.append(MissedConversation(conversationID: id, after: after, lastSeq: lastSeq)) }
            }
            return SessionReads.Missed(conversations: missed, watermark: watermark)
        }
    }

    /// Those that are named, and the others that have news since the earliest stamp.
    private func conversations(_ client: MongoClient) throws -> [ConversationID: Conversation] {
        let named = Set(requests.flatMap(\.cursors.keys))
        let unnamed = Set(others.flatMap(\.keys)).subtracting(named)
        guard !named.isEmpty || !unnamed.isEmpty else { return [:] }
        let earliest = requests.compactMap(\.stamp).min() ?? .latest
        let fields: BSONDocument = ["$project": .document(["lastSeq": .int32(1), "lastMessageStamp": .int32(1)])]
        let withNews: BSONDocument = [
            "$match": .document(["_id": Self.among(unnamed), "lastMessageStamp": .document(["$gt": .timestamp(earliest.value)])])
        ]
        let found = try client.aggregate(
            MongoSchema.conversations,
            [
                ["$match": .document(["_id": Self.among(named)])], fields,
                [
                    "$unionWith": .document([
                        "coll": .string(MongoSchema.conversations), "pipeline": .array([.document(withNews), .document(fields)]),
                    ])
                ],
            ]
        )
        let conversations = try found.map { document in
            let stamp = try document.value("lastMessageStamp") == nil ? Stamp(0) : document.stamp("lastMessageStamp")
            return (
                try document.conversationID("_id"), Conversation(lastSeq: try document.integer("lastSeq"), lastMessageStamp: stamp)
            )
        }
        return Dictionary(conversations) { first, _ in first }
    }

    /// How far conversations were at stamps since which they have news.
    private func seen(
        _ conversations: [ConversationID: Conversation],
        _ client: MongoClient
    ) throws -> [Stamp: [ConversationID: Int64]] {
        var wanted: [Stamp: Set<ConversationID>] = [:]
        for (request, others) in zip(requests, others) {
            guard let stamp = request.stamp else { continue }
            for id in others.keys where conversations[id]?.lastMessageStamp ?? Stamp(0) > stamp { wanted[stamp, default: []].insert(id) }
        }
        var seen: [Stamp: [ConversationID: Int64]] = [:]
        for (stamp, ids) in wanted {
            seen[stamp] = try Self.positions(of: ids, at: stamp, client)
        }
        return seen
    }

    /// The last number of each conversation at a stamp, in one query. One that isn't there is left out.
    static func positions(of ids: Set<ConversationID>, at stamp: Stamp, _ client: MongoClient) throws -> [ConversationID: Int64] {
        let places: [(ConversationID, Int64)]
        if stamp < .latest {
            let found = try client.aggregate(MongoSchema.conversations, seenStages(ids, at: stamp))
            places = try found.map { (try $0.conversationID("_id"), try $0.documents("seen").first?.integer("seq") ?? 0) }
        } else {
            let found = try client.find(
                MongoSchema.conversations,
                ["_id": among(ids)],
                ["projection": .document(["lastSeq": .int32(1)])]
            )
            places = try found.map { (try $0.conversationID("_id"), try $0.integer("lastSeq")) }
        }
        return Dictionary(places) { first, _ in first }
    }

    private static func seenStages(_ ids: Set<ConversationID>, at stamp: Stamp) -> [BSONDocument] {
        // From the newest downwards in the index of numbers. What has no stamp yet is not known to be old, and what the conversation
        // doesn't show yet is not there.
        let lastSeen: [BSONDocument] = [
            [
                "$match": .document([
                    "stamp": .document(["$gt": .timestamp(0), "$lte": .timestamp(stamp.value)]),
                    "$expr": .document(["$lte": .array([.string("$seq"), .string("$$lastSeq")])]),
                ])
            ],
            ["$sort": .document(["seq": .int32(-1)])],
            ["$limit": .int32(1)],
            ["$project": .document(["_id": .int32(0), "seq": .int32(1)])],
        ]
        return [
            ["$match": .document(["_id": among(ids)])],
            [
                "$lookup": .document([
                    "from": .string(MongoSchema.messages), "localField": .string("_id"), "foreignField": .string("conversationId"),
                    "let": .document(["lastSeq": .string("$lastSeq")]), "pipeline": .array(lastSeen.map(BSONValue.document)),
                    "as": .string("seen"),
                ])
            ],
            ["$project": .document(["seen": .int32(1)])],
        ]
    }

    private static func memberships(of users: Set<UserID>, _ client: MongoClient) throws -> [UserID: [ConversationID: Int64]] {
        guard !users.isEmpty else { return [:] }
        let found = try client.find(
            MongoSchema.memberships,
            ["userId": SessionReads.among(users.map { .id($0) }), "isMember": MongoSchema.notLeft],
            ["projection": .document(["userId": .int32(1), "conversationId": .int32(1), "joinedSeq": .int32(1)])]
        )
        var joined: [UserID: [ConversationID: Int64]] = [:]
        for document in found {
            let user: UserID = try document.identifier("userId")
            joined[user, default: [:]][try document.conversationID("conversationId")] = try document.optionalInteger("joinedSeq") ?? 0
        }
        return joined
    }

    private static func among(_ ids: Set<ConversationID>) -> BSONValue {
        .document(["$in": .array(ids.map { .conversation($0) })])
    }
}
