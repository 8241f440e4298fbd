import Actors
import TestSupport

/// What all instances share: the truth, and how a store of the chosen kind shows it.
///
/// With `raisesLater` it behaves as a store that stores a message and raises its conversation in two writes, whose stamps may become visible
/// late: what is stored is not found by its conversation until that is raised, and a watermark leaves time for it.
final class StoreCore: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    static let overlap = Duration.seconds(2)
    /// The longest between the two writes of a writer that lives.
    static let raiseDelay = Duration.milliseconds(900)

    let truth = InMemoryStore()
    let raisesLater: Bool
    let mutation: Mutation?
    private let scheduler: Scheduler
    private var stamps: [(at: Duration, stamp: Stamp)] = []
    /// What conversations show that have messages above what they were raised to.
    private var unraised: [ConversationID: (lastSeq: Int64, stamp: Stamp)] = [:]
    /// The stamp of each conversation as it was raised last.
    private var raisedStamps: [ConversationID: Stamp] = [:]
    /// Every message as it was stored.
    private(set) var stored: [ConversationID: [Int64: Message]] = [:]
    /// When each message was given its stamp, and when its conversation first showed it.
    private var stampedAt: [ConversationID: [Int64: Duration]] = [:]
    private var shownAt: [ConversationID: [Duration]] = [:]
    /// Messages that were shown later than the overlap allows for.
    private(set) var raisedTooLate = 0
    /// Numbers that were taken back.
    private var takenBack: [ConversationID: Set<Int64>] = [:]
    /// Users whose ban is half done.
    var halfBanned: Set<UserID> = []
    private var lastReplacement = 0

    init(_ scheduler: Scheduler, raisesLater: Bool, mutation: Mutation?) {
        self.scheduler = scheduler
        self.raisesLater = raisesLater
        self.mutation = mutation
    }

    // Appends

    func note(_ outcomes: [AppendOutcome]) {
        for case .stored(let message) in outcomes {
            stored[message.conversationID, default: [:]][message.seq] = message
            stampedAt[message.conversationID, default: [:]][message.seq] = scheduler.now
        }
    }

    func lastSeq(in conversation: ConversationID) -> Int64 {
        Int64(stored[conversation]?.count ?? 0)
    }

    /// A message is about to be stored in a conversation that is raised by a later write.
    func beginAppend(to conversation: ConversationID) {
        unraised[conversation] = unraised[conversation] ?? (lastSeq(in: conversation), raisedStamps[conversation] ?? Stamp(0))
    }

    /// The second write. Its stamp is given at once; it can be seen `delay` later, when a majority has it.
    func raise(_ conversation: ConversationID, to seq: Int64, seenAfter delay: Duration, time: any TimeSource) async {
        guard let shown = unraised[conversation], shown.lastSeq < seq else { return }
        await truth.raise(conversation)
        let stamp = await noteStamp()
        try? await time.sleep(for: delay)
        noteRaised(conversation, to: seq, stamp: stamp)
    }

    /// A message was changed, and its conversation with it.
    func noteChanged(_ conversation: ConversationID) async {
        noteRaised(conversation, to: 0, stamp: await noteStamp())
    }

    private func noteRaised(_ conversation: ConversationID, to seq: Int64, stamp: Stamp) {
        let stamp = max(stamp, raisedStamps[conversation] ?? stamp)
        raisedStamps[conversation] = stamp
        guard let shown = unraised[conversation] else { return }
        let lastSeq = max(shown.lastSeq, seq)
        unraised[conversation] = lastSeq < self.lastSeq(in: conversation) ? (lastSeq, stamp) : nil
        noteShown(conversation, upTo: lastSeq)
    }

    private func noteShown(_ conversation: ConversationID, upTo seq: Int64) {
        while let next = shownAt[conversation, default: []].count as Int?, Int64(next) < seq {
            shownAt[conversation, default: []].append(scheduler.now)
            if hidden(Int64(next) + 1, in: conversation) != nil { raisedTooLate += 1 }
        }
    }

    /// What is raised late has its stamps renewed first: who came in between with a stamp above their first one has not had them.
    func renewStamps(in conversation: ConversationID, upTo seq: Int64) async {
        guard let shown = unraised[conversation], shown.lastSeq < seq else { return }
        for seq in shown.lastSeq + 1...seq { stampedAt[conversation]?[seq] = scheduler.now }
        guard mutation != .stampsNotRenewed else { return }
        await truth.renewStamps(in: conversation, after: shown.lastSeq, upTo: seq)
        await noteStamp()
    }

    /// While a message had its last stamp, its conversation had not been raised to it and stamps above that were given out already: only
    /// where one second write, with nothing gone wrong before it, was kept for longer than the overlap. Who came then is not told of it by
    /// a stamp; see the limits in docs/guarantees.md.
    func hidden(_ seq: Int64, in conversation: ConversationID) -> ClosedRange<Duration>? {
        guard raisesLater, let stamped = stampedAt[conversation]?[seq] else { return nil }
        let places = shownAt[conversation, default: []]
        let shown = places.count >= seq ? places[Int(seq) - 1] : scheduler.now
        return stamped + Self.overlap < shown ? stamped + Self.overlap...shown : nil
    }

    /// The highest number that can be found through the conversation.
    func raisedSeq(in conversation: ConversationID) -> Int64 {
        unraised[conversation]?.lastSeq ?? .max
    }

    var raisedSeqs: [ConversationID: Int64] {
        unraised.mapValues(\.lastSeq)
    }

    /// A change as the conversation shows it.
    func shown(_ change: ConversationChange, after position: ChangePosition) -> ConversationChange? {
        guard let shown = unraised[change.conversationID] else { return change }
        guard shown.stamp > position.stamp else { return nil }
        return ConversationChange(conversationID: change.conversationID, lastSeq: shown.lastSeq, stamp: shown.stamp)
    }

    /// Stores a message that a failover takes back, so that its number stays empty.
    func storeTakenBack(_ draft: MessageDraft, in conversation: ConversationID, ids: any IDGenerator) async throws(StoreError) {
        guard let id = ClientMessageID(ids.next(MessageID.self).description) else { return }
        let ghost = MessageDraft(
            messageID: ids.next(MessageID.self),
            senderID: draft.senderID,
            senderName: draft.senderName,
            content: draft.content,
            clientMessageID: id,
            createdAt: draft.createdAt
        )
        let outcomes = try await truth.append([ghost], to: conversation)
        note(outcomes)
        for case .stored(let message) in outcomes { takenBack[conversation, default: []].insert(message.seq) }
    }

    func isVisible(_ message: Message) -> Bool {
        takenBack[message.conversationID]?.contains(message.seq) != true
    }

    /// As a store has it that doesn't look at what the client chose.
    func withFreshID(_ draft: MessageDraft) -> MessageDraft {
        lastReplacement += 1
        guard let id = ClientMessageID("fresh-\(lastReplacement)") else { return draft }
        return MessageDraft(
            messageID: draft.messageID,
            senderID: draft.senderID,
            senderName: draft.senderName,
            content: draft.content,
            clientMessageID: id,
            createdAt: draft.createdAt
        )
    }

    // Stamps

    @discardableResult
    func noteStamp() async -> Stamp {
        let stamp = (try? await truth.watermark()) ?? Stamp(0)
        stamps.append((scheduler.now, stamp))
        return stamp
    }

    /// A stamp that was read from the truth, as it is given out.
    func shown(_ stamp: Stamp) -> Stamp {
        guard raisesLater, mutation != .noOverlap else { return stamp }
        return stamps.last { $0.at <= scheduler.now - Self.overlap }?.stamp ?? Stamp(0)
    }
}
