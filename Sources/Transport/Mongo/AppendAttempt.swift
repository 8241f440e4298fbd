import Actors

/// An append on its way: takes the steps that concern its conversation alone, and waits for those that it takes together with others.
struct AppendAttempt: Sendable {
    enum End: Sendable {
        case done([AppendOutcome])
        case failed(MongoFailure)
        /// To be taken up again, after a while, where the failure allows it.
        case paused(MongoFailure?)
    }

    /// What it waits for, to be done together with others.
    enum SharedStep: Sendable {
        case insert([Message])
        case raise(AppendRaise)
    }

    let draftCount: Int
    var memory: AppendLanes.Memory
    private(set) var end = End.paused(nil)
    private(set) var sharedStep: SharedStep?
    /// Whether time has passed between the storing of what is raised and the raise.
    private(set) var isRaisedLate = false
    /// What was begun to be raised and not finished.
    private(set) var openRaise: AppendRaise?
    private var state: AppendState
    private var hasEnded = false

    init(state: AppendState, memory: AppendLanes.Memory) {
        self.state = state
        self.memory = memory
        draftCount = state.draftCount
    }

    /// Takes it up, for the first time or after a pause.
    mutating func begin() {
        hasEnded = false
        sharedStep = nil
    }

    /// Goes on until it waits for a shared step or has ended.
    mutating func advance(_ client: MongoClient) {
        while !hasEnded, sharedStep == nil {
            switch state.next() {
            case .finish(let outcomes):
                finish(outcomes)
            case .fail(let failure):
                memory.nextSeq = nil
                end(.failed(failure))
            case .insert(let messages):
                sharedStep = .insert(messages)
            case .raise(let raise):
                // The first try may have taken long, and what was stored before has been there for a while.
                isRaisedLate = openRaise != nil || !raise.isNew || state.wasInDoubt
                openRaise = raise
                sharedStep = .raise(raise)
            case .lookUpIDs(let drafts):
                read {
                    try Self.byID(drafts, client)
                } then: {
                    try $0.lookedUp($1)
                }
            case .lookUp(let drafts):
                read {
                    try Self.byID(drafts, client) + Self.byKey(drafts, client)
                } then: {
                    try $0.lookedUp($1)
                }
            case .readLast:
                let conversation = state.conversation
                read {
                    try MongoStore.lastSeqToFollow(in: conversation, client)
                } then: {
                    $0.readLast($1)
                }
            }
        }
    }

    /// - Parameter reply: on its own messages; nil where none of them was tried.
    mutating func inserted(_ reply: InsertReply?) {
        guard case .insert(let messages) = sharedStep else { return }
        sharedStep = nil
        guard let reply else { return }
        state.inserted(reply, of: messages)
        if state.mustPause { end(.paused(reply.failure)) }
    }

    mutating func raised() {
        sharedStep = nil
        openRaise = nil
        memory.hasMembers = true
        state.raised()
        if case .finish(let outcomes) = state.next() { finish(outcomes) }
    }

    /// The step that it waits for failed as if it had not been taken.
    mutating func stopped(by failure: MongoFailure) {
        sharedStep = nil
        memory.nextSeq = nil
        end(.paused(failure))
    }

    private mutating func finish(_ outcomes: [AppendOutcome]) {
        memory.nextSeq = state.nextSeq
        end(.done(outcomes))
    }

    private mutating func end(_ end: End) {
        self.end = end
        hasEnded = true
    }

    private mutating func read<Value>(_ body: () throws -> Value, then take: (inout AppendState, Value) throws -> Void) {
        do {
            try take(&state, try body())
            if state.mustPause { end(.paused(nil)) }
        } catch {
            stopped(by: MongoFailure(wrapping: error))
        }
    }

    private static func byID(_ drafts: [MessageDraft], _ client: MongoClient) throws -> [BSONDocument] {
        let ids = drafts.map { BSONValue.id($0.messageID) }
        return try client.find(MongoSchema.messages, ["_id": .document(["$in": .array(ids)])])
    }

    private static func byKey(_ drafts: [MessageDraft], _ client: MongoClient) throws -> [BSONDocument] {
        var keysOfSenders: [UserID: [BSONValue]] = [:]
        for draft in drafts { keysOfSenders[draft.senderID, default: []].append(.string(draft.clientMessageID.description)) }
        return try keysOfSenders.flatMap { sender, keys in
            try client.find(
                MongoSchema.messages,
                ["senderId": .id(sender), "clientMessageId": .document(["$in": .array(keys)])]
            )
        }
    }
}

extension AppendState {
    fileprivate mutating func lookedUp(_ documents: [BSONDocument]) throws {
        let messages = try documents.map { try Message($0) }
        var originalDigests: [MessageID: [UInt8]] = [:]
        for (message, document) in zip(messages, documents) where message.rev > 0 {
            originalDigests[message.messageID] = try document.optionalBinary("originalDigest")
        }
        lookedUp(messages, originalDigests: originalDigests)
    }
}

extension MongoStore {
    /// The highest number that a message of the conversation has, 0 where there is none. Who appends to it raises all of them, also those
    /// that another writer has left behind.
    static func lastSeqToFollow(in conversation: ConversationID, _ client: MongoClient) throws -> Int64 {
        let newest = try client.find(
            MongoSchema.messages,
            ["conversationId": .conversation(conversation)],
            ["sort": .document(["seq": .int32(-1)]), "limit": .int64(1), "projection": .document(["seq": .int32(1)])]
        )
        let last = try newest.first?.integer("seq") ?? 0
        if last > 0 { try renewStamps(in: conversation, after: raisedSeq(of: conversation, client), upTo: last, client) }
        return last
    }
}
