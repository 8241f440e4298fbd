import Actors

/// One append, step by step: what is stored, what is not known, and what to do next.
///
/// The rules are those of the design's "Append": an outcome that isn't known is looked up before anything else, a race that was lost
/// for a number begins from the new last one, and a key of idempotency that is taken is read before it is judged.
struct AppendState: Sendable {
    enum Step: Hashable, Sendable {
        /// Read, with majority, which messages have the ids of these drafts.
        case lookUpIDs([MessageDraft])
        /// Read, with majority, which messages have the keys or ids of these drafts.
        case lookUp([MessageDraft])
        /// Read the conversation's last number from its messages, with majority.
        case readLast
        case insert([Message])
        /// Raise what hangs on the messages.
        case raise(AppendRaise)
        case finish([AppendOutcome])
        case fail(MongoFailure)
    }

    private struct Key: Hashable {
        let sender: UserID
        let clientMessageID: ClientMessageID

        init(_ draft: MessageDraft) {
            sender = draft.senderID
            clientMessageID = draft.clientMessageID
        }

        init(_ message: Message) {
            sender = message.senderID
            clientMessageID = message.clientMessageID
        }
    }

    /// The number that comes next, where it is known; the next append may begin with it.
    private(set) var nextSeq: Int64?
    /// Whether to wait a little before the next step; the holder asks once a step.
    private(set) var mustPause = false
    let conversation: ConversationID
    var draftCount: Int { drafts.count }
    /// Whether something may have been stored a while before it was known to be.
    var wasInDoubt: Bool { !maybeStored.isEmpty }
    private let drafts: [MessageDraft]
    private var outcomes: [AppendOutcome?]
    /// Places of the drafts that have no outcome and are not a repetition within this batch, in order.
    private var pending: [Int] = []
    /// Of each key the message that has it.
    private var known: [Key: Message] = [:]
    /// What was sent first, of known messages whose content was changed since.
    private var originalDigests: [MessageID: [UInt8]] = [:]
    private var toLookUp: [Int] = []
    /// Whether nothing was sent yet: then only an id that is taken must be known beforehand, and keys are the insert's to tell.
    private var isFresh = true
    /// Drafts that this append may have stored without having heard of it.
    private var maybeStored: Set<Int> = []
    /// A number that was taken and is not yet visible.
    private var takenSeq: Int64 = 0
    /// The draft whose key or id the server has said to be taken.
    private var takenPlace: Int?
    private var isRaised = false
    private var failure: MongoFailure?

    /// - Parameter highestID: of all drafts of the conversation that came before; nil where that isn't known. A higher id is a new one,
    ///   since ids begin with the time: it needn't be looked for.
    init(_ drafts: [MessageDraft], to conversation: ConversationID, nextSeq: Int64?, highestID: MessageID? = nil) {
        self.drafts = drafts
        self.conversation = conversation
        self.nextSeq = nextSeq
        outcomes = Array(repeating: nil, count: drafts.count)
        var keys: Set<Key> = []
        var ids: Set<MessageID> = []
        for (place, draft) in drafts.enumerated() where keys.insert(Key(draft)).inserted {
            pending.append(place)
            if !ids.insert(draft.messageID).inserted { failure = Self.takenID }
        }
        // Of one draft the insert itself tells; of several, one that can't be stored must not leave the others behind it stored.
        let areNew = highestID.map { highest in drafts.allSatisfy { $0.messageID > highest } } ?? false
        if pending.count > 1, !areNew { toLookUp = pending }
    }

    mutating func next() -> Step {
        mustPause = false
        if let failure { return .fail(failure) }
        if !toLookUp.isEmpty {
            let sought = toLookUp.map { drafts[$0] }
            return isFresh ? .lookUpIDs(sought) : .lookUp(sought)
        }
        if !pending.isEmpty {
            guard let nextSeq else { return .readLast }
            return .insert(pending.enumerated().map { drafts[$1].message(in: conversation, seq: nextSeq + Int64($0)) })
        }
        let outcomes = allOutcomes()
        if !isRaised, let raise = AppendRaise(outcomes, in: conversation) { return .raise(raise) }
        return .finish(outcomes)
    }

    /// What `lookUp` or `lookUpIDs` found.
    ///
    /// - Parameter originalDigests: of what was sent, where a message's content was changed since.
    mutating func lookedUp(_ messages: [Message], originalDigests: [MessageID: [UInt8]] = [:]) {
        self.originalDigests.merge(originalDigests) { $1 }
        let places = toLookUp
        toLookUp = []
        let byKey = Dictionary(messages.map { (Key($0), $0) }) { first, _ in first }
        let ids = Set(messages.map(\.messageID))
        for place in places {
            let draft = drafts[place]
            if let message = byKey[Key(draft)] {
                resolve(place, message)
            } else if ids.contains(draft.messageID) {
                failure = Self.takenID
            } else if place == takenPlace {
                // A majority doesn't have it yet.
                mustPause = true
            }
        }
        takenPlace = nil
    }

    mutating func readLast(_ last: Int64) {
        if last < takenSeq {
            mustPause = true
        } else {
            nextSeq = last + 1
        }
    }

    mutating func inserted(_ reply: InsertReply, of messages: [Message]) {
        isFresh = false
        guard let failure = reply.failure else { return stored(messages) }
        nextSeq = nil
        guard reply.isOfOneDocument, reply.insertedCount < messages.count else { return interrupted(failure) }
        stored(messages.prefix(reply.insertedCount))
        switch failure.kind {
        case .duplicateKey(.messageSeq):
            takenSeq = messages[reply.insertedCount].seq
        case .duplicateKey:
            // Who repeats one message repeats others: all are looked up at once.
            takenPlace = pending.first
            toLookUp = pending
        default:
            self.failure = failure
        }
    }

    mutating func raised() {
        isRaised = true
    }

    private mutating func stored(_ messages: some Collection<Message>) {
        for (place, message) in zip(pending, messages) {
            outcomes[place] = .stored(message)
            known[Key(message)] = message
        }
        pending.removeFirst(messages.count)
        nextSeq = nextSeq.map { $0 + Int64(messages.count) }
    }

    private mutating func interrupted(_ failure: MongoFailure) {
        switch failure.kind {
        case .changingRole, .unknownOutcome, .notYetDurable, .timeout:
            maybeStored.formUnion(pending)
            toLookUp = pending
            mustPause = true
        case .notPrimary:
            mustPause = true
        case .duplicateKey, .unreachable, .overloaded, .other:
            self.failure = failure
        }
    }

    private mutating func resolve(_ place: Int, _ message: Message) {
        known[Key(message)] = message
        pending.removeAll { $0 == place }
        let isOwn = maybeStored.contains(place) && message.messageID == drafts[place].messageID && message.conversationID == conversation
        outcomes[place] = isOwn ? .stored(message) : repetition(drafts[place], of: message)
    }

    private func repetition(_ draft: MessageDraft, of message: Message) -> AppendOutcome {
        let isSame = draft.repeats(message, originalDigest: originalDigests[message.messageID], in: conversation)
        return isSame ? .duplicate(message) : .conflict
    }

    /// With the repetitions within the batch, which are judged by the first of their kind.
    private func allOutcomes() -> [AppendOutcome] {
        zip(drafts, outcomes).map { draft, outcome in
            outcome ?? known[Key(draft)].map { repetition(draft, of: $0) } ?? .conflict
        }
    }

    private static let takenID = MongoFailure(.duplicateKey(.id), "message id")
}

/// What is to be raised before messages are acknowledged.
struct AppendRaise: Hashable, Sendable {
    let conversation: ConversationID
    /// The highest number, and the message that has it.
    let seq: Int64
    let messageID: MessageID
    /// Whether one of them is new: then the conversation's stamp rises in any case, else only where it was left behind.
    let isNew: Bool
    /// How far each sender has read, which is at least its own message.
    let readSeqs: [UserID: Int64]

    init(conversation: ConversationID, newest: Message, isNew: Bool = false, readSeqs: [UserID: Int64] = [:]) {
        self.conversation = conversation
        seq = newest.seq
        messageID = newest.messageID
        self.isNew = isNew
        self.readSeqs = readSeqs
    }

    /// Nil where no message of this conversation is among them.
    init?(_ outcomes: [AppendOutcome], in conversation: ConversationID) {
        var isNew = false
        var newest: Message?
        var readSeqs: [UserID: Int64] = [:]
        for outcome in outcomes {
            let message: Message
            switch outcome {
            case .stored(let stored):
                message = stored
                isNew = true
            case .duplicate(let known): message = known
            case .conflict: continue
            }
            if message.seq > newest?.seq ?? 0 { newest = message }
            readSeqs[message.senderID] = max(message.seq, readSeqs[message.senderID] ?? 0)
        }
        guard let newest else { return nil }
        self.init(conversation: conversation, newest: newest, isNew: isNew, readSeqs: readSeqs)
    }
}
