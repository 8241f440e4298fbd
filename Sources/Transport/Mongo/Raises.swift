import Actors

/// Conversations' last numbers and stamps, and their senders' read cursors, that are to be raised. May be repeated.
///
/// A direct conversation holds its senders' cursors itself (`SentSeqs`); those of a channel's senders are in their memberships.
struct Raises: Sendable {
    private(set) var list: [AppendRaise] = []
    /// Direct conversations whose people's memberships may be missing.
    private var newcomers: Set<ConversationID> = []
    /// Those whose messages were stored a while ago.
    private(set) var late: [AppendRaise] = []

    var isEmpty: Bool { list.isEmpty }

    /// Whether memberships are to be made or raised too.
    var concernsMemberships: Bool {
        !newcomers.isEmpty || list.contains { !Self.readSeqsOfMembers($0).isEmpty }
    }

    /// - Parameters:
    ///   - mayLackMembers: whether the memberships of a direct conversation's people may be missing.
    ///   - isLate: whether time has passed since the messages were stored.
    mutating func append(_ raise: AppendRaise, mayLackMembers: Bool, isLate: Bool = false) {
        list.append(raise)
        if isLate { late.append(raise) }
        if mayLackMembers { newcomers.insert(raise.conversation) }
    }

    /// Raises the conversations.
    ///
    /// - Returns: of each raise what it failed with; nil where it is done.
    func raiseConversations(_ client: MongoClient) throws -> [MongoFailure?] {
        var failures = [MongoFailure?](repeating: nil, count: list.count)
        var places = Array(list.indices)
        for makesIt in [true, false] {
            let failed = try client.update(MongoSchema.conversations, places.map { Self.statement(list[$0], makesIt: makesIt) })
            var present: [Int] = []
            for (index, failure) in failed.sorted(by: { $0.key < $1.key }) {
                if makesIt, case .duplicateKey = failure.kind {
                    // It is there: made by somebody else in this moment, or not behind.
                    present.append(places[index])
                } else {
                    failures[places[index]] = failure
                }
            }
            places = present
        }
        return failures
    }

    /// Makes the memberships that are missing, and raises the read cursors in them.
    ///
    /// - Returns: as `raiseConversations` does.
    func raiseReadCursors(_ client: MongoClient) throws -> [MongoFailure?] {
        var failures = [MongoFailure?](repeating: nil, count: list.count)
        try makeMembers(&failures, client)
        var statements: [(place: Int, statement: BSONDocument)] = []
        for (place, raise) in list.enumerated() where failures[place] == nil {
            for (user, seq) in Self.readSeqsOfMembers(raise) {
                let statement: BSONDocument = [
                    "q": .document(["userId": .id(user), "conversationId": .conversation(raise.conversation)]),
                    "u": .document(["$max": .document(["readSeq": .int64(seq)])]),
                ]
                statements.append((place, statement))
            }
        }
        for (index, failure) in try client.update(MongoSchema.memberships, statements.map(\.statement)) {
            failures[statements[index].place] = failure
        }
        return failures
    }

    /// A channel's memberships are made by joining it.
    private func makeMembers(_ failures: inout [MongoFailure?], _ client: MongoClient) throws {
        var statements: [(place: Int, statement: BSONDocument)] = []
        for (place, raise) in list.enumerated() where newcomers.contains(raise.conversation) {
            guard case .direct(let pair) = raise.conversation else { continue }
            for member in Set([pair.first, pair.second]) {
                // Who has a stamp is not found, and then can't be made a second time.
                let statement: BSONDocument = [
                    "q": .document([
                        "userId": .id(member), "conversationId": .conversation(raise.conversation),
                        "stamp": .document(["$exists": .bool(false)]),
                    ]),
                    "u": .document([
                        // Not the sender's own number: that would be news to those who have heard of the message.
                        "$setOnInsert": .document(["otherUserId": .id(pair.other(than: member)), "readSeq": .int64(0)]),
                        "$currentDate": .document(["stamp": .document(["$type": .string("timestamp")])]),
                    ]),
                    "upsert": .bool(true),
                ]
                statements.append((place, statement))
            }
        }
        let failed = try client.update(MongoSchema.memberships, statements.map(\.statement))
        for (index, failure) in failed {
            if case .duplicateKey = failure.kind { continue }
            failures[statements[index].place] = failure
        }
    }

    /// The cursors that the conversation's own update doesn't raise: it does nothing where a repeated message is not behind.
    private static func readSeqsOfMembers(_ raise: AppendRaise) -> [UserID: Int64] {
        raise.readSeqs.filter { user, _ in !raise.isNew || SentSeqs.field(of: user, in: raise.conversation) == nil }
    }

    private static func statement(_ raise: AppendRaise, makesIt: Bool) -> BSONDocument {
        let timestamp = BSONValue.document(["$type": .string("timestamp")])
        // The id decides the order of a list where a server's stamps are of the same second.
        var highest: BSONDocument = ["lastSeq": .int64(raise.seq), "lastMessageId": .id(raise.messageID)]
        for (user, seq) in raise.readSeqs {
            if let field = SentSeqs.field(of: user, in: raise.conversation) { highest.append(field, .int64(seq)) }
        }
        let change: BSONDocument = [
            "$max": .document(highest),
            "$currentDate": .document(["stamp": timestamp, "lastMessageStamp": timestamp]),
        ]
        var query: BSONDocument = ["_id": .conversation(raise.conversation)]
        if !raise.isNew { query.append("lastSeq", .document(["$lt": .int64(raise.seq)])) }
        return ["q": .document(query), "u": .document(change), "upsert": .bool(makesIt)]
    }
}

extension MongoStore {
    /// Raises one conversation, which its writer left behind, and makes the memberships of its people where they are missing.
    static func raise(_ raise: AppendRaise, _ client: MongoClient) throws {
        try renewStamps(before: raise, client)
        var raises = Raises()
        raises.append(raise, mayLackMembers: true)
        for failure in try raises.raiseReadCursors(client) + raises.raiseConversations(client) {
            if let failure { throw failure }
        }
    }

    /// What is raised late has its stamps renewed first.
    static func renewStamps(before raise: AppendRaise, _ client: MongoClient) throws {
        try renewStamps(in: raise.conversation, after: raisedSeq(of: raise.conversation, client), upTo: raise.seq, client)
    }
}
