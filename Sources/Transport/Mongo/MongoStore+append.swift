package import Actors
import Logging

extension MongoStore {
    package func append(_ drafts: [MessageDraft], to conversation: ConversationID) async throws(StoreError) -> [AppendOutcome] {
        if drafts.isEmpty { return [] }
        let memory = try await lanes.enter(conversation)
        var attempt = Attempt(state: AppendState(drafts, to: conversation, nextSeq: memory.nextSeq), memory: memory)
        let result = await finish(&attempt)
        await lanes.leave(conversation, attempt.memory)
        return try result.get()
    }

    private func finish(_ attempt: inout Attempt) async -> Result<[AppendOutcome], StoreError> {
        var retry = Retry(within: patience)
        while true {
            do {
                attempt = try await pool.withClient { [attempt, fillsStamps] client in
                    var attempt = attempt
                    attempt.run(client, fillsStamps: fillsStamps)
                    return attempt
                }
            } catch {
                attempt.memory.nextSeq = nil
                return .failure(error.storeError)
            }
            switch attempt.end {
            case .done(let outcomes):
                return .success(outcomes)
            case .failed(let failure):
                await oweRaise(attempt)
                return .failure(failure.storeError)
            case .paused(let failure):
                logger.debug("append_conflict", metadata: ["detail": .string(failure?.detail ?? "not visible yet")])
                guard await retry.pause(after: failure) else {
                    attempt.memory.nextSeq = nil
                    await oweRaise(attempt)
                    return .failure(failure?.storeError ?? StoreError(.timeout, "what another append stored did not become visible"))
                }
            }
        }
    }

    /// A conversation that was left behind is raised as soon as the server can be reached.
    private func oweRaise(_ attempt: Attempt) async {
        guard let raise = attempt.openRaise else { return }
        await pendingRaises.owe(raise)
    }
}

/// An append on its way, carried out in as few turns on a thread as it goes.
private struct Attempt: Sendable {
    enum End: Sendable {
        case done([AppendOutcome])
        case failed(MongoFailure)
        /// To be taken up again, after a while, where the failure allows it.
        case paused(MongoFailure?)
    }

    var state: AppendState
    var memory: AppendLanes.Memory
    private(set) var end = End.paused(nil)
    private var insertFailure: MongoFailure?
    /// What was begun to be raised and not finished.
    private(set) var openRaise: AppendRaise?

    init(state: AppendState, memory: AppendLanes.Memory) {
        self.state = state
        self.memory = memory
    }

    /// Goes on until the append is done, has failed, or must wait.
    mutating func run(_ client: MongoClient, fillsStamps: Bool) {
        while true {
            let step = state.next()
            insertFailure = nil
            switch step {
            case .finish(let outcomes):
                end = .done(outcomes)
                memory.nextSeq = state.nextSeq
                return
            case .fail(let failure):
                end = .failed(failure)
                memory.nextSeq = nil
                return
            default: break
            }
            do {
                try carryOut(step, client, fillsStamps: fillsStamps)
            } catch {
                let failure = error as? MongoFailure ?? MongoFailure(.other, (error as? StoreError)?.detail ?? "\(type(of: error))")
                memory.nextSeq = nil
                end = .paused(failure)
                return
            }
            if state.mustPause {
                end = .paused(insertFailure)
                return
            }
        }
    }

    private mutating func carryOut(_ step: AppendState.Step, _ client: MongoClient, fillsStamps: Bool) throws {
        switch step {
        case .lookUp(let drafts):
            state.lookedUp(try client.find(MongoSchema.messages, Self.filter(drafts)).map { try Message($0) })
        case .readLast:
            state.readLast(try MongoStore.lastSeq(in: state.conversation, client))
        case .insert(let messages):
            let reply = try client.insert(messages.map(\.document), into: MongoSchema.messages)
            insertFailure = reply.failure
            // Nothing was sent: the step stays the same.
            if let failure = reply.failure, failure.kind == .unreachable, reply.insertedCount == 0 { throw failure }
            state.inserted(reply, of: messages)
        case .raise(let raise):
            openRaise = raise
            if !memory.hasMembers {
                try MongoStore.makeMembers(of: raise.conversation, client)
                memory.hasMembers = true
            }
            try MongoStore.raise(raise, client, fillsStamps: fillsStamps)
            openRaise = nil
            state.raised()
        case .finish, .fail: break
        }
    }

    /// Messages that have a draft's key or its id.
    private static func filter(_ drafts: [MessageDraft]) -> BSONDocument {
        let ids = BSONDocument(dictionaryLiteral: ("_id", .document(["$in": .array(drafts.map { .id($0.messageID) })])))
        var keysOfSenders: [UserID: [BSONValue]] = [:]
        for draft in drafts { keysOfSenders[draft.senderID, default: []].append(.string(draft.clientMessageID.description)) }
        let keys = keysOfSenders.map { sender, keys -> BSONValue in
            .document(["senderId": .id(sender), "clientMessageId": .document(["$in": .array(keys)])])
        }
        return ["$or": .array([.document(ids)] + keys)]
    }
}

extension MongoStore {
    /// The highest number that a message of the conversation has; 0 where there is none.
    static func lastSeq(in conversation: ConversationID, _ client: MongoClient) throws -> Int64 {
        let newest = try client.find(
            MongoSchema.messages,
            ["conversationId": .conversation(conversation)],
            ["sort": .document(["seq": .int32(-1)]), "limit": .int64(1), "projection": .document(["seq": .int32(1)])]
        )
        return try newest.first?.integer("seq") ?? 0
    }

    /// Raises the conversation's last number and stamps, and its senders' read cursors. May be repeated.
    ///
    /// - Parameter fillsStamps: whether the server has given the messages their stamps when they were inserted.
    static func raise(_ raise: AppendRaise, _ client: MongoClient, fillsStamps: Bool) throws {
        if !fillsStamps { try stampMessages(of: raise, client) }
        try raiseConversation(raise, client)
        guard !raise.readSeqs.isEmpty else { return }
        let updates = raise.readSeqs.map { user, seq -> BSONValue in
            .document([
                "q": .document(["userId": .id(user), "conversationId": .conversation(raise.conversation)]),
                "u": .document(["$max": .document(["readSeq": .int64(seq)])]),
            ])
        }
        _ = try client.write(["update": .string(MongoSchema.memberships), "updates": .array(updates)])
    }

    private static func stampMessages(of raise: AppendRaise, _ client: MongoClient) throws {
        let statement: BSONDocument = [
            "q": .document([
                "conversationId": .conversation(raise.conversation),
                "seq": .document(["$gte": .int64(raise.firstSeq), "$lte": .int64(raise.seq)]),
                "stamp": .timestamp(0),
            ]),
            "u": .document(["$currentDate": .document(["stamp": .document(["$type": .string("timestamp")])])]),
            "multi": .bool(true),
        ]
        _ = try client.write(["update": .string(MongoSchema.messages), "updates": .array([.document(statement)])])
    }

    private static func raiseConversation(_ raise: AppendRaise, _ client: MongoClient) throws {
        let timestamp = BSONValue.document(["$type": .string("timestamp")])
        let change: BSONDocument = [
            // The id decides the order of a list where a server's stamps are of the same second.
            "$max": .document(["lastSeq": .int64(raise.seq), "lastMessageId": .id(raise.messageID)]),
            "$currentDate": .document(["stamp": timestamp, "lastMessageStamp": timestamp]),
        ]
        func update(makesIt: Bool) throws {
            var query: BSONDocument = ["_id": .conversation(raise.conversation)]
            if !raise.isNew { query.append("lastSeq", .document(["$lt": .int64(raise.seq)])) }
            let statement: BSONDocument = ["q": .document(query), "u": .document(change), "upsert": .bool(makesIt)]
            _ = try client.write(["update": .string(MongoSchema.conversations), "updates": .array([.document(statement)])])
        }
        do {
            try update(makesIt: true)
        } catch let failure as MongoFailure {
            guard case .duplicateKey = failure.kind else { throw failure }
            // It is there: made by somebody else in this moment, or not behind.
            try update(makesIt: false)
        }
    }

    /// Makes the memberships of a direct conversation's people where they are missing. A channel's are made by joining it.
    static func makeMembers(of conversation: ConversationID, _ client: MongoClient) throws {
        guard case .direct(let pair) = conversation else { return }
        for member in Set([pair.first, pair.second]) {
            // Who has a stamp is not found, and then can't be made a second time.
            let statement: BSONDocument = [
                "q": .document([
                    "userId": .id(member), "conversationId": .conversation(conversation), "stamp": .document(["$exists": .bool(false)]),
                ]),
                "u": .document([
                    "$setOnInsert": .document(["otherUserId": .id(pair.other(than: member)), "readSeq": .int64(0)]),
                    "$currentDate": .document(["stamp": .document(["$type": .string("timestamp")])]),
                ]),
                "upsert": .bool(true),
            ]
            do {
                _ = try client.write(["update": .string(MongoSchema.memberships), "updates": .array([.document(statement)])])
            } catch let failure as MongoFailure {
                guard case .duplicateKey = failure.kind else { throw failure }
            }
        }
    }
}
