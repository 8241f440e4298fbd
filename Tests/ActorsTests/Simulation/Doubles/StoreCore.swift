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
    /// Conversations that are not raised, with what they showed before.
    private var unraised: [ConversationID: Int64] = [:]
    /// Every message as it was stored.
    private(set) var stored: [ConversationID: [Int64: Message]] = [:]
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
        for case .stored(let message) in outcomes { stored[message.conversationID, default: [:]][message.seq] = message }
    }

    func lastSeq(in conversation: ConversationID) -> Int64 {
        Int64(stored[conversation]?.count ?? 0)
    }

    /// A message is about to be stored in a conversation that is raised by a later write.
    func beginAppend(to conversation: ConversationID) {
        unraised[conversation] = unraised[conversation] ?? lastSeq(in: conversation)
    }

    /// The second write. Its stamp is given at once; it can be seen `delay` later, when a majority has it.
    func raise(_ conversation: ConversationID, seenAfter delay: Duration, time: any TimeSource) async {
        guard unraised[conversation] != nil else { return }
        await truth.raise(conversation)
        await noteStamp()
        try? await time.sleep(for: delay)
        unraised[conversation] = nil
    }

    /// Numbers of a conversation that nobody can find through the conversation yet begin above this one.
    func raisedSeq(in conversation: ConversationID) -> Int64 {
        unraised[conversation] ?? .max
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

    func noteStamp() async {
        guard let stamp = try? await truth.watermark() else { return }
        stamps.append((scheduler.now, stamp))
    }

    /// A stamp that was read from the truth, as it is given out.
    func shown(_ stamp: Stamp) -> Stamp {
        guard raisesLater, mutation != .noOverlap else { return stamp }
        return stamps.last { $0.at <= scheduler.now - Self.overlap }?.stamp ?? Stamp(0)
    }
}
