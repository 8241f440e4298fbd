package import Actors

extension MongoStore {
    package func createChannel(_ channel: ChatChannel) async throws(StoreError) {
        let id = ConversationID.channel(channel.name)
        // The conversation first: a channel has one from its beginning, and can be joined before anything was said.
        try await perform { try Self.makeConversation(id, $0) }
        try await insert(
            [
                "_id": .conversation(id),
                "title": .string(channel.title),
                "createdBy": .id(channel.createdBy),
                "createdAt": .time(channel.createdAt),
            ],
            into: MongoSchema.channels
        )
    }

    package func channel(_ name: ChannelName) async throws(StoreError) -> ChannelSummary? {
        try await perform { try Self.channel(.channel(name), $0) }
    }

    package func channels(after: ChannelName?, limit: Int) async throws(StoreError) -> [ChannelSummary] {
        guard limit > 0 else { return [] }
        let filter: BSONDocument = after.map { ["_id": .document(["$gt": .conversation(.channel($0))])] } ?? [:]
        return try await perform { client in
            let found = try client.find(
                MongoSchema.channels,
                filter,
                ["sort": .document(["_id": .int32(1)]), "limit": .int64(Int64(limit))]
            )
            return try Self.summaries(of: found, client)
        }
    }

    package func join(_ name: ChannelName, user: UserID, limit: Int) async throws(StoreError) -> JoinOutcome {
        let id = ConversationID.channel(name)
        return try await performRepeatedly { client, isRepetition in
            guard let channel = try Self.channel(id, client) else { return .noSuchChannel }
            let mine = try Self.joinedChannels(of: user, client)
            if mine.contains(name) {
                guard isRepetition else { return .alreadyMember(channel) }
            } else {
                guard mine.count < limit else { return .tooManyChannels }
                let isNew = try Self.makeMember(user, of: id, lastSeq: channel.lastSeq, client)
                guard isNew || isRepetition else { return .alreadyMember(channel) }
            }
            // Two joins at once may both have seen room for one: whoever sees too many goes again, so that there are never too many,
            // and at worst fewer than there may be.
            if try Self.joinedChannels(of: user, client).count > limit {
                _ = try Self.endMembership(user, of: id, client)
                return .tooManyChannels
            }
            let members = channel.members + (mine.contains(name) ? 0 : 1)
            return .joined(ChannelSummary(channel: channel.channel, members: members, lastSeq: channel.lastSeq))
        }
    }

    package func leave(_ name: ChannelName, user: UserID) async throws(StoreError) -> LeaveOutcome {
        let id = ConversationID.channel(name)
        return try await performRepeatedly { client, isRepetition in
            if try Self.endMembership(user, of: id, client) { return .left }
            guard try !client.find(MongoSchema.channels, ["_id": .conversation(id)]).isEmpty else { return .noSuchChannel }
            return isRepetition ? .left : .notMember
        }
    }

    package func isMember(_ user: UserID, of name: ChannelName) async throws(StoreError) -> Bool {
        try await perform { client in
            try !client.find(
                MongoSchema.memberships,
                ["userId": .id(user), "conversationId": .conversation(.channel(name)), "isMember": .bool(true)],
                ["projection": .document(["_id": .int32(1)]), "limit": .int64(1)]
            ).isEmpty
        }
    }

    package func joinedSeq(of user: UserID, in name: ChannelName) async throws(StoreError) -> Int64? {
        try await perform { client in
            let filter: BSONDocument = ["userId": .id(user), "conversationId": .conversation(.channel(name)), "isMember": .bool(true)]
            let found = try client.find(MongoSchema.memberships, filter, ["projection": .document(["joinedSeq": .int32(1)])]).first
            return try found.map { try $0.optionalInteger("joinedSeq") ?? 0 }
        }
    }

    package func channels(of user: UserID) async throws(StoreError) -> [ChannelName] {
        try await reads.channels.ask(user)
    }

    package func members(of name: ChannelName, after: UserID?, limit: Int) async throws(StoreError) -> [UserID] {
        guard limit > 0 else { return [] }
        var filter: BSONDocument = ["conversationId": .conversation(.channel(name)), "isMember": .bool(true)]
        filter.append("userId", ifPresent: after.map { .document(["$gt": .id($0)]) })
        return try await perform { [filter] client in
            try client.find(
                MongoSchema.memberships,
                filter,
                [
                    "sort": .document(["userId": .int32(1)]), "limit": .int64(Int64(limit)),
                    "projection": .document(["userId": .int32(1)]),
                ]
            ).map { try $0.identifier("userId") }
        }
    }
}

extension MongoStore {
    private static func makeConversation(_ id: ConversationID, _ client: MongoClient) throws {
        let timestamp = BSONValue.document(["$type": .string("timestamp")])
        // One that has a stamp is not found, and then can't be made a second time.
        try insertIfMissing(
            MongoSchema.conversations,
            ["_id": .conversation(id), "stamp": .document(["$exists": .bool(false)])],
            [
                "$setOnInsert": .document(["lastSeq": .int64(0)]),
                "$currentDate": .document(["stamp": timestamp, "lastMessageStamp": timestamp]),
            ],
            client
        )
    }

    /// - Returns: false where the user is a member already.
    private static func makeMember(_ user: UserID, of id: ConversationID, lastSeq: Int64, _ client: MongoClient) throws -> Bool {
        let raised = BSONValue.document(["stamp": .document(["$type": .string("timestamp")])])
        // Who comes back has read what was read before.
        let returned = try update(
            MongoSchema.memberships,
            ["userId": .id(user), "conversationId": .conversation(id), "isMember": .bool(false)],
            ["$set": .document(["isMember": .bool(true), "joinedSeq": .int64(lastSeq)]), "$currentDate": raised],
            client
        )
        if returned > 0 { return true }
        return try insertIfMissing(
            MongoSchema.memberships,
            ["userId": .id(user), "conversationId": .conversation(id), "stamp": .document(["$exists": .bool(false)])],
            [
                "$setOnInsert": .document(["isMember": .bool(true), "readSeq": .int64(lastSeq), "joinedSeq": .int64(lastSeq)]),
                "$currentDate": raised,
            ],
            client
        )
    }

    private static func endMembership(_ user: UserID, of id: ConversationID, _ client: MongoClient) throws -> Bool {
        let found = try update(
            MongoSchema.memberships,
            ["userId": .id(user), "conversationId": .conversation(id), "isMember": .bool(true)],
            [
                "$set": .document(["isMember": .bool(false)]),
                "$currentDate": .document(["stamp": .document(["$type": .string("timestamp")])]),
            ],
            client
        )
        return found > 0
    }

    /// - Returns: false where the document is there already.
    @discardableResult
    private static func insertIfMissing(
        _ collection: String,
        _ filter: BSONDocument,
        _ update: BSONDocument,
        _ client: MongoClient
    ) throws -> Bool {
        let statement: BSONDocument = ["q": .document(filter), "u": .document(update), "upsert": .bool(true)]
        do {
            _ = try client.write(["update": .string(collection), "updates": .array([.document(statement)])])
            return true
        } catch let failure as MongoFailure {
            guard case .duplicateKey = failure.kind else { throw failure }
            return false
        }
    }

    private static func joinedChannels(of user: UserID, _ client: MongoClient) throws -> [ChannelName] {
        try joinedChannels(of: [user], client).map(\.name)
    }

    /// The channels that users are in, each user's in the order of their names.
    static func joinedChannels(of users: [UserID], _ client: MongoClient) throws -> [(user: UserID, name: ChannelName)] {
        // All names of channels, and no others, lie between `ch:` and `ch;`.
        let found = try client.find(
            MongoSchema.memberships,
            [
                "userId": SessionReads.among(users.map { .id($0) }),
                "conversationId": .document(["$gte": .string("ch:"), "$lt": .string("ch;")]),
                "isMember": .bool(true),
            ],
            [
                "sort": .document(["conversationId": .int32(1)]),
                "projection": .document(["userId": .int32(1), "conversationId": .int32(1)]),
            ]
        )
        return try found.map { (try $0.identifier("userId"), try $0.channelName("conversationId")) }
    }

    private static func channel(_ id: ConversationID, _ client: MongoClient) throws -> ChannelSummary? {
        try summaries(of: client.find(MongoSchema.channels, ["_id": .conversation(id)]), client).first
    }

    /// Adds to channels' documents, in two queries, what is counted.
    private static func summaries(of channels: [BSONDocument], _ client: MongoClient) throws -> [ChannelSummary] {
        guard !channels.isEmpty else { return [] }
        let ids = BSONValue.document(["$in": .array(try channels.map { .string(try $0.text("_id")) })])
        let lastSeqs = try client.find(
            MongoSchema.conversations,
            ["_id": ids],
            ["projection": .document(["lastSeq": .int32(1)])]
        ).map { (try $0.text("_id"), try $0.integer("lastSeq")) }
        let members = try client.aggregate(
            MongoSchema.memberships,
            [
                ["$match": .document(["conversationId": ids, "isMember": .bool(true)])],
                ["$group": .document(["_id": .string("$conversationId"), "members": .document(["$sum": .int32(1)])])],
            ]
        ).map { (try $0.text("_id"), try $0.integer("members")) }
        let lastSeqOf = Dictionary(lastSeqs) { first, _ in first }
        let membersOf = Dictionary(members) { first, _ in first }
        return try channels.map { document in
            let id = try document.text("_id")
            let channel = ChatChannel(
                name: try document.channelName("_id"),
                title: try document.text("title"),
                createdBy: try document.identifier("createdBy"),
                createdAt: try document.time("createdAt")
            )
            return ChannelSummary(channel: channel, members: Int(membersOf[id] ?? 0), lastSeq: lastSeqOf[id] ?? 0)
        }
    }
}

extension BSONDocument {
    fileprivate func channelName(_ key: String) throws(StoreError) -> ChannelName {
        guard case .channel(let name) = try conversationID(key) else { throw Self.damaged(key) }
        return name
    }
}
