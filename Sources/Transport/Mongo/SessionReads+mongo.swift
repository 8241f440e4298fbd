import Actors

extension SessionReads {
    /// - Parameter patience: how long a read is begun anew where there is no primary.
    init(_ pool: ClientPool, patience: Duration, _ latestStamp: LatestStamp) {
        records = ReadGroups { requests throws(StoreError) in
            try await MongoStore.perform(on: pool, within: patience) { try Self.records(requests, latestStamp, $0) }
        }
        channels = ReadGroups { users throws(StoreError) in
            try await MongoStore.perform(on: pool, within: patience) { try Self.channels(of: users, $0) }
        }
        missed = ReadGroups { requests throws(StoreError) in
            try await MongoStore.perform(on: pool, within: patience) { try MissedRead(requests, $0).answers(latestStamp, $0) }
        }
        updates = ReadGroups { requests throws(StoreError) in
            try await MongoStore.perform(on: pool, within: patience) { try UpdatesRead(requests).answers($0) }
        }
        messages = ReadGroups(groupLimit: 50) { requests throws(StoreError) in
            try await MongoStore.perform(on: pool, within: patience) { try ReplayRead(requests, $0).answers($0) }
        }
        contacts = ReadGroups(groupLimit: 100) { requests throws(StoreError) in
            try await MongoStore.perform(on: pool, within: patience) { try Self.contacts(requests, $0) }
        }
        positions = ReadGroups { requests throws(StoreError) in
            try await MongoStore.perform(on: pool, within: patience) { try Self.positions(requests, $0) }
        }
    }

    /// Three queries.
    private static func records(
        _ requests: [RecordRequest],
        _ latestStamp: LatestStamp,
        _ client: MongoClient
    ) throws -> [SessionRecord?] {
        // The stamp first: what changes after it is read again by whoever asks what came after it.
        let stamp = try latestStamp.watermark(client)
        let sessions = try client.find(MongoSchema.sessions, ["_id": among(Set(requests.map(\.session)).map { .id($0) })])
        let users = try client.find(MongoSchema.users, ["_id": among(Set(requests.map(\.user)).map { .id($0) })])
        let sessionOf = Dictionary(try sessions.map { (try $0.identifier("_id") as SessionID, $0) }) { first, _ in first }
        let userOf = Dictionary(try users.map { (try $0.identifier("_id") as UserID, $0) }) { first, _ in first }
        return try requests.map { request in
            guard let session = try sessionOf[request.session].map({ try Session($0) }), session.userID == request.user,
                let user = try userOf[request.user].map({ try User($0) })
            else { return nil }
            return SessionRecord(user: user, session: session, stamp: stamp)
        }
    }

    /// One query.
    private static func channels(of users: [UserID], _ client: MongoClient) throws -> [[ChannelName]] {
        var channels: [UserID: [ChannelName]] = [:]
        for (user, name) in try MongoStore.joinedChannels(of: Array(Set(users)), client) { channels[user, default: []].append(name) }
        return users.map { channels[$0] ?? [] }
    }

    /// Two queries.
    private static func contacts(_ requests: [ContactsRequest], _ client: MongoClient) throws -> [[UserID]] {
        let memberships = try client.find(
            MongoSchema.memberships,
            ["userId": among(Set(requests.map(\.user)).map { .id($0) }), "otherUserId": .document(["$exists": .bool(true)])],
            ["projection": .document(["userId": .int32(1), "conversationId": .int32(1), "otherUserId": .int32(1)])]
        )
        var others: [UserID: [String: UserID]] = [:]
        for membership in memberships {
            let (user, other): (UserID, UserID) = (try membership.identifier("userId"), try membership.identifier("otherUserId"))
            if user != other { others[user, default: [:]][try membership.text("conversationId")] = other }
        }
        let ids = Set(others.values.flatMap(\.keys))
        guard !ids.isEmpty else { return requests.map { _ in [] } }
        let latestFirst = try client.find(
            MongoSchema.conversations,
            ["_id": among(ids.map(BSONValue.string))],
            [
                "sort": .document(["lastMessageStamp": .int32(-1), "lastMessageId": .int32(-1)]),
                "projection": .document(["_id": .int32(1)]),
            ]
        ).map { try $0.text("_id") }
        return requests.map { request in
            guard let others = others[request.user] else { return [] }
            return Array(latestFirst.lazy.compactMap { others[$0] }.prefix(max(0, request.limit)))
        }
    }

    /// A query for each stamp.
    private static func positions(_ requests: [PositionRequest], _ client: MongoClient) throws -> [Int64] {
        var positions: [Stamp: [ConversationID: Int64]] = [:]
        for (stamp, requests) in Dictionary(grouping: requests, by: \.stamp) {
            positions[stamp] = try MissedRead.positions(of: Set(requests.map(\.conversation)), at: stamp, client)
        }
        return requests.map { positions[$0.stamp]?[$0.conversation] ?? 0 }
    }

    static func among(_ values: [BSONValue]) -> BSONValue {
        values.count == 1 ? values[0] : .document(["$in": .array(values)])
    }
}
