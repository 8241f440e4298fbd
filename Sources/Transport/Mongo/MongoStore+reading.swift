package import Actors

extension MongoStore {
    package func markRead(_ conversation: ConversationID, by user: UserID, upTo seq: Int64) async throws(StoreError) -> ReadOutcome {
        let mine: BSONDocument = [
            "userId": .id(user), "conversationId": .conversation(conversation), "isMember": MongoSchema.notLeft,
        ]
        return try await performRepeatedly { client, isRepetition in
            let membership = try client.find(MongoSchema.memberships, mine, ["projection": .document(["readSeq": .int32(1)])]).first
            guard let readSeq = try membership?.integer("readSeq") else { return .notFound }
            guard readSeq < seq else { return isRepetition && readSeq == seq ? .advanced : .unchanged }
            let (lastSeq, sentSeq) = try Self.lastSeqs(of: conversation, for: user, atLeast: seq, client)
            guard sentSeq < seq else { return .unchanged }
            guard seq <= lastSeq else { return .beyond(lastSeq: lastSeq) }
            var behind = mine
            behind.append("readSeq", .document(["$lt": .int64(seq)]))
            let moved = try Self.update(
                MongoSchema.memberships,
                behind,
                [
                    "$set": .document(["readSeq": .int64(seq)]),
                    "$currentDate": .document(["stamp": .document(["$type": .string("timestamp")])]),
                ],
                client
            )
            return moved > 0 ? .advanced : .unchanged
        }
    }

    package func contacts(of user: UserID, limit: Int) async throws(StoreError) -> [UserID] {
        guard limit > 0 else { return [] }
        return try await reads.contacts.ask(SessionReads.ContactsRequest(user: user, limit: limit))
    }

    /// The conversation's last number and that of the user's own last message. Where the first is below `seq` its messages are asked, which
    /// may know a higher one.
    private static func lastSeqs(
        of conversation: ConversationID,
        for user: UserID,
        atLeast seq: Int64,
        _ client: MongoClient
    ) throws -> (last: Int64, sent: Int64) {
        let found = try client.find(MongoSchema.conversations, ["_id": .conversation(conversation)]).first
        let known = try found?.integer("lastSeq") ?? 0
        let sent = try found?.sentSeq(of: user, in: conversation) ?? 0
        guard known < seq else { return (known, sent) }
        let newest = try client.find(
            MongoSchema.messages,
            ["conversationId": .conversation(conversation)],
            ["sort": .document(["seq": .int32(-1)]), "limit": .int64(1)]
        ).first.map { try Message($0) }
        guard let newest, newest.seq > known else { return (known, sent) }
        try raiseIfBehind(newest, client)
        return (newest.seq, newest.senderID == user ? newest.seq : sent)
    }
}
