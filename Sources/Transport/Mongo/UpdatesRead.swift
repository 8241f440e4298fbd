import Actors

/// What changed in several users' conversations other than by new messages: four queries for all of them. They are the users' memberships,
/// which are their own cursors too; the other people's memberships; how far those whose cursors moved have sent; the messages.
struct UpdatesRead {
    private typealias Moved = (change: ReadCursor, position: ChangePosition)

    /// Of all users together; past it each is read alone.
    private static let sharedLimit = 5_000

    private let requests: [SessionReads.UpdatesRequest]

    init(_ requests: [SessionReads.UpdatesRequest]) {
        self.requests = requests
    }

    func answers(_ client: MongoClient) throws -> [UpdatesPage] {
        let users = Set(requests.map(\.user)).map { BSONValue.id($0) }
        guard !users.isEmpty else { return [] }
        let mine = try client.find(MongoSchema.memberships, ["userId": SessionReads.among(users), "isMember": MongoSchema.notLeft])
        guard !mine.isEmpty else { return requests.map { _ in UpdatesPage(messages: .empty, reads: .empty) } }
        let cursors = try movedCursors(mine, client)
        var conversations: [UserID: Set<ConversationID>] = [:]
        for membership in mine {
            conversations[try membership.identifier("userId"), default: []].insert(try membership.conversationID("conversationId"))
        }
        let messages = try changedMessages(in: conversations, client)
        return requests.enumerated().map { place, request in
            let reads = request.position.reads.map { ChangePage(cursors[request.user] ?? [], after: $0, limit: request.limit) }
            return UpdatesPage(messages: messages[place], reads: reads ?? .empty)
        }
    }

    /// Of each user that asks for cursors.
    private func movedCursors(_ mine: [BSONDocument], _ client: MongoClient) throws -> [UserID: [Moved]] {
        let asking = requests.filter { $0.position.reads != nil }
        guard let earliest = asking.compactMap(\.position.reads?.stamp).min() else { return [:] }
        let others = try client.find(
            MongoSchema.memberships,
            [
                "otherUserId": SessionReads.among(Set(asking.map(\.user)).map { .id($0) }),
                "stamp": .document(["$gte": .timestamp(earliest.value)]),
            ]
        )
        var moved = try mine.map { (owner: try $0.identifier("userId") as UserID, membership: $0) }
        for membership in others {
            let owner: UserID = try membership.identifier("otherUserId")
            if try membership.identifier("userId") as UserID != owner { moved.append((owner, membership)) }
        }
        moved = try moved.filter { try $0.membership.stamp("stamp") >= earliest }
        let sent = try Self.conversations(of: moved.map(\.membership), client)
        var cursors: [UserID: [Moved]] = [:]
        for (owner, membership) in moved {
            let (id, user) = (try membership.conversationID("conversationId"), try membership.identifier("userId") as UserID)
            // Who has sent a message has read up to it.
            let seq = max(try membership.integer("readSeq"), try sent[id]?.sentSeq(of: user, in: id) ?? 0)
            guard seq > 0 else { continue }
            let position = ChangePosition(stamp: try membership.stamp("stamp"), key: "\(user) \(id)")
            cursors[owner, default: []].append((ReadCursor(conversationID: id, userID: user, seq: seq), position))
        }
        return cursors
    }

    private static func conversations(of memberships: [BSONDocument], _ client: MongoClient) throws -> [ConversationID: BSONDocument] {
        guard !memberships.isEmpty else { return [:] }
        let ids = try Set(memberships.map { try $0.conversationID("conversationId") }).map { BSONValue.conversation($0) }
        let found = try client.find(MongoSchema.conversations, ["_id": .document(["$in": .array(ids)])])
        return Dictionary(try found.map { (try $0.conversationID("_id"), $0) }) { first, _ in first }
    }

    /// Of each request. First pages are one query; where that would bring too much, and for later pages, each has one of its own.
    private func changedMessages(in conversations: [UserID: Set<ConversationID>], _ client: MongoClient) throws -> [ChangePage<Message>] {
        let first = requests.filter { $0.position.messages?.key.isEmpty == true }
        var shared: [(change: Message, position: ChangePosition)]?
        if first.count > 1, let earliest = first.compactMap(\.position.messages?.stamp).min() {
            let ids = first.reduce(into: Set()) { $0.formUnion(conversations[$1.user] ?? []) }.map { BSONValue.conversation($0) }
            let found = try MongoStore.changes(in: ids, after: ChangePosition(stamp: earliest), limit: Self.sharedLimit, client)
            if found.count < Self.sharedLimit { shared = found }
        }
        return try requests.map { request in
            guard let position = request.position.messages else { return .empty }
            let own = conversations[request.user] ?? []
            if let shared, position.key.isEmpty {
                return ChangePage(shared.filter { own.contains($0.change.conversationID) }, after: position, limit: request.limit)
            }
            return try MongoStore.changedMessages(in: own.map { .conversation($0) }, after: position, limit: request.limit, client)
        }
    }
}

extension MongoStore {
    /// Messages that were changed after a place in the order of (stamp, id).
    static func changedMessages(
        in ids: [BSONValue],
        after position: ChangePosition,
        limit: Int,
        _ client: MongoClient
    ) throws -> ChangePage<Message> {
        let limit = min(max(1, limit), Int(Int32.max))
        return ChangePage(try changes(in: ids, after: position, limit: limit + 1, client), after: position, limit: limit)
    }

    /// Messages with the places of their last changes, those that changed first.
    static func changes(
        in ids: [BSONValue],
        after position: ChangePosition,
        limit: Int,
        _ client: MongoClient
    ) throws -> [(change: Message, position: ChangePosition)] {
        guard !ids.isEmpty else { return [] }
        let stamp = BSONValue.timestamp(position.stamp.value)
        var filter: BSONDocument = ["conversationId": .document(["$in": .array(ids)])]
        if position.key.isEmpty {
            filter.append("updatedStamp", .document(["$gt": stamp]))
        } else {
            guard let id = MessageID(position.key) else { throw StoreError(.other, "a position that this store has not given") }
            // The first is what the index is read from.
            filter.append("updatedStamp", .document(["$gte": stamp]))
            let behind: [BSONDocument] = [["updatedStamp": .document(["$gt": stamp])], ["_id": .document(["$gt": .id(id)])]]
            filter.append("$or", .array(behind.map(BSONValue.document)))
        }
        return try client.find(
            MongoSchema.messages,
            filter,
            [
                "sort": .document(["updatedStamp": .int32(1), "_id": .int32(1)]), "limit": .int64(Int64(limit)),
                // The one of all messages begins with the same field.
                "hint": .string(MongoSchema.messagesUpdated),
            ]
        ).map { document in
            let message = try Message(document)
            return (message, ChangePosition(stamp: try document.stamp("updatedStamp"), key: message.messageID.description))
        }
    }
}
