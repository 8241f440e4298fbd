import Actors

/// What changed in several users' conversations other than by new messages: four queries for all of them. They are the users' memberships,
/// which are their own cursors too; the other people's memberships; how far those whose cursors moved have sent; the messages.
struct UpdatesRead {
    private struct Cursor {
        let owner: UserID
        let stamp: Stamp
        let cursor: ReadCursor
    }

    private let requests: [SessionReads.UpdatesRequest]

    init(_ requests: [SessionReads.UpdatesRequest]) {
        self.requests = requests
    }

    func answers(_ client: MongoClient) throws -> [SessionReads.Updates] {
        guard let earliest = requests.map(\.stamp).min() else { return [] }
        let users = Set(requests.map(\.user)).map { BSONValue.id($0) }
        let mine = try client.find(MongoSchema.memberships, ["userId": SessionReads.among(users), "isMember": MongoSchema.notLeft])
        guard !mine.isEmpty else { return requests.map { _ in SessionReads.Updates(messages: [], reads: []) } }
        let others = try client.find(
            MongoSchema.memberships,
            ["otherUserId": SessionReads.among(users), "stamp": .document(["$gt": .timestamp(earliest.value)])],
            ["sort": .document(["stamp": .int32(1)])]
        )
        let cursors = try cursors(mine, others, since: earliest, client)
        var conversations: [UserID: Set<ConversationID>] = [:]
        for membership in mine {
            conversations[try membership.identifier("userId"), default: []].insert(try membership.conversationID("conversationId"))
        }
        let messages = try changedMessages(in: conversations, since: earliest, client)
        return requests.enumerated().map { place, request in
            let reads = cursors[request.user]?.filter { $0.stamp > request.stamp } ?? []
            return SessionReads.Updates(messages: messages[place], reads: reads.prefix(request.limit).map(\.cursor))
        }
    }

    /// Of each user, in the order of their stamps.
    private func cursors(
        _ mine: [BSONDocument],
        _ others: [BSONDocument],
        since stamp: Stamp,
        _ client: MongoClient
    ) throws -> [UserID: [Cursor]] {
        var moved = try mine.map { (owner: try $0.identifier("userId") as UserID, membership: $0) }
        for membership in others {
            let owner: UserID = try membership.identifier("otherUserId")
            if try membership.identifier("userId") as UserID != owner { moved.append((owner, membership)) }
        }
        moved = try moved.filter { try $0.membership.stamp("stamp") > stamp }
        let sent = try Self.conversations(of: moved.map(\.membership), client)
        let cursors = try moved.map { owner, membership -> Cursor in
            let (id, user) = (try membership.conversationID("conversationId"), try membership.identifier("userId") as UserID)
            // Who has sent a message has read up to it.
            let seq = max(try membership.integer("readSeq"), try sent[id]?.sentSeq(of: user, in: id) ?? 0)
            return Cursor(
                owner: owner,
                stamp: try membership.stamp("stamp"),
                cursor: ReadCursor(conversationID: id, userID: user, seq: seq)
            )
        }
        return Dictionary(grouping: cursors.filter { $0.cursor.seq > 0 }.sorted { $0.stamp < $1.stamp }, by: \.owner)
    }

    private static func conversations(of memberships: [BSONDocument], _ client: MongoClient) throws -> [ConversationID: BSONDocument] {
        guard !memberships.isEmpty else { return [:] }
        let ids = try Set(memberships.map { try $0.conversationID("conversationId") }).map { BSONValue.conversation($0) }
        let found = try client.find(MongoSchema.conversations, ["_id": .document(["$in": .array(ids)])])
        return Dictionary(try found.map { (try $0.conversationID("_id"), $0) }) { first, _ in first }
    }

    /// Of each request; where one query for all would bring too much, each has one of its own.
    private func changedMessages(
        in conversations: [UserID: Set<ConversationID>],
        since stamp: Stamp,
        _ client: MongoClient
    ) throws -> [[Message]] {
        let all = conversations.values.reduce(into: Set()) { $0.formUnion($1) }.map { BSONValue.conversation($0) }
        let limit = requests.map(\.limit).max() ?? 0
        let found = try MongoStore.changedMessages(in: all, after: stamp, limit: limit, client)
        return try requests.map { request in
            let own = conversations[request.user] ?? []
            guard requests.count == 1 || found.count < limit else {
                let ids = own.map { BSONValue.conversation($0) }
                return try MongoStore.changedMessages(in: ids, after: request.stamp, limit: request.limit, client).map(\.message)
            }
            return found.filter { $0.stamp > request.stamp && own.contains($0.message.conversationID) }.prefix(request.limit).map(\.message)
        }
    }
}

extension MongoStore {
    /// Messages with the stamps of their last changes, those that changed first.
    static func changedMessages(
        in ids: [BSONValue],
        after stamp: Stamp,
        limit: Int,
        _ client: MongoClient
    ) throws -> [(stamp: Stamp, message: Message)] {
        guard !ids.isEmpty else { return [] }
        return try client.find(
            MongoSchema.messages,
            ["conversationId": .document(["$in": .array(ids)]), "updatedStamp": .document(["$gt": .timestamp(stamp.value)])],
            [
                "sort": .document(["updatedStamp": .int32(1)]), "limit": .int64(Int64(limit)),
                // The one of all messages begins with the same field.
                "hint": .string(MongoSchema.messagesUpdated),
            ]
        ).map { (try $0.stamp("updatedStamp"), try Message($0)) }
    }
}
