package import Actors

extension MongoStore {
    package func edit(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        content: String,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await carryOut(ChangeAttempt(id, in: conversation, by: author, .edit(content: content, at: now)))
    }

    package func delete(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await carryOut(ChangeAttempt(id, in: conversation, by: author, .delete(at: now)))
    }

    package func react(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        emoji: String,
        adds: Bool
    ) async throws(StoreError) -> ChangeOutcome {
        try await carryOut(ChangeAttempt(id, in: conversation, by: user, .react(emoji: emoji, adds: adds)))
    }

    /// Tries until the change is stored and its conversation raised, it turns out to be none, or `patience` is over.
    private func carryOut(_ change: ChangeAttempt) async throws(StoreError) -> ChangeOutcome {
        var attempt = change
        var retry = Retry(within: patience)
        while true {
            var failure: MongoFailure?
            do {
                attempt = try await pool.withClient { [attempt] client in
                    var attempt = attempt
                    attempt.run(client)
                    return attempt
                }
                if let outcome = attempt.outcome { return outcome }
                failure = attempt.failure
            } catch {
                failure = error
            }
            guard await retry.pause(after: failure) else {
                if attempt.mayBeStored { await pendingRaises.owe(changeOf: attempt.id, in: attempt.conversation) }
                throw failure?.storeError ?? StoreError(.timeout, "others changed the message all the time")
            }
        }
    }

    /// Raises the conversation's stamp after a change of one of its messages. May be repeated.
    ///
    /// - Parameter isLate: raises the message's stamp too, which others may have gone past meanwhile.
    static func raiseChange(of id: MessageID, in conversation: ConversationID, isLate: Bool, _ client: MongoClient) throws {
        func now(_ field: String) -> BSONDocument {
            ["$currentDate": .document([field: .document(["$type": .string("timestamp")])])]
        }
        if isLate { _ = try update(MongoSchema.messages, ["_id": .id(id)], now("updatedStamp"), client) }
        _ = try update(MongoSchema.conversations, ["_id": .conversation(conversation)], now("stamp"), client)
    }
}

/// A change of a message on its way: read, compare, write where nobody was faster, raise the conversation.
///
/// Where the outcome of a write isn't known it is begun anew. Each change can be repeated: what it asks for is either there by then,
/// which counts as its own doing, or is done now, after what others did meanwhile.
private struct ChangeAttempt: Sendable {
    /// How often a lost race is run again at once, before others get a chance.
    private static let triesAtOnce = 4

    let id: MessageID
    let conversation: ConversationID
    private let user: UserID
    private let change: MessageChange
    private(set) var outcome: ChangeOutcome?
    /// Why there is no outcome; nil where others were faster.
    private(set) var failure: MongoFailure?
    /// Whether the change may be stored while its conversation isn't raised.
    private(set) var mayBeStored = false

    init(_ id: MessageID, in conversation: ConversationID, by user: UserID, _ change: MessageChange) {
        self.id = id
        self.conversation = conversation
        self.user = user
        self.change = change
    }

    mutating func run(_ client: MongoClient) {
        failure = nil
        do {
            for _ in 0..<Self.triesAtOnce where outcome == nil { outcome = try result(client) }
        } catch {
            failure = MongoFailure(wrapping: error)
        }
    }

    /// Nil where the message was changed between its being read and written.
    private mutating func result(_ client: MongoClient) throws -> ChangeOutcome? {
        let filter: BSONDocument = ["_id": .id(id), "conversationId": .conversation(conversation)]
        guard let found = try client.find(MongoSchema.messages, filter).first else { return .notFound }
        let message = try Message(found)
        let outcome = change.applied(to: message, by: user)
        switch outcome {
        case .changed(let changed):
            let wasOpen = mayBeStored
            mayBeStored = true
            guard try write(changed, inPlaceOf: message, hasDigest: found.value("originalDigest") != nil, client) else {
                mayBeStored = wasOpen
                return nil
            }
            try MongoStore.raiseChange(of: id, in: conversation, isLate: false, client)
        case .unchanged(let message):
            guard try mayBeStored || isBehind(try found.stamp("updatedStamp"), client) else { return outcome }
            try MongoStore.raiseChange(of: id, in: conversation, isLate: true, client)
            if mayBeStored { return .changed(message) }
        case .notFound, .notAuthor, .deleted, .tooManyReactions: break
        }
        return outcome
    }

    /// Whether whoever changed the message died before the conversation was raised.
    private func isBehind(_ updated: Stamp, _ client: MongoClient) throws -> Bool {
        guard updated > Stamp(0) else { return false }
        let found = try client.find(
            MongoSchema.conversations,
            ["_id": .conversation(conversation)],
            ["projection": .document(["stamp": .int32(1)])]
        )
        return try found.first.map { try $0.stamp("stamp") } ?? Stamp(0) < updated
    }

    private func write(_ changed: Message, inPlaceOf message: Message, hasDigest: Bool, _ client: MongoClient) throws -> Bool {
        var fields: BSONDocument = [
            "content": .string(changed.content),
            "reactions": changed.reactions.value,
            "rev": .int64(changed.rev),
        ]
        fields.append("editedAt", ifPresent: changed.editedAt.map { .time($0) })
        fields.append("deletedAt", ifPresent: changed.deletedAt.map { .time($0) })
        if !hasDigest, !changed.content.utf8.elementsEqual(message.content.utf8) {
            fields.append("originalDigest", .binary(ContentDigest.of(message.content)))
        }
        let found = try MongoStore.update(
            MongoSchema.messages,
            ["_id": .id(id), "rev": message.rev == 0 ? .document(["$exists": .bool(false)]) : .int64(message.rev)],
            [
                "$set": .document(fields),
                "$currentDate": .document(["updatedStamp": .document(["$type": .string("timestamp")])]),
            ],
            client
        )
        return found > 0
    }
}

extension Reactions {
    fileprivate var value: BSONValue {
        .array(
            list.map { reaction in
                .document(["emoji": .string(reaction.emoji), "userIds": .array(reaction.userIDs.map { .id($0) })])
            }
        )
    }

    init(_ documents: [BSONDocument]) throws(StoreError) {
        var list: [Reaction] = []
        for document in documents {
            list.append(Reaction(emoji: try document.text("emoji"), userIDs: try document.identifiers("userIds")))
        }
        self.init(list)
    }
}
