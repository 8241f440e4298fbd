import Actors
import TestSupport

/// The shared store as one instance sees it: over a link with latency and faults.
struct SimulatedStore: Store {
    let core: StoreCore
    let link: StoreLink
    let ids: any IDGenerator
    /// Completes only while the bus is up, where an answer is made to wait for it.
    let busIsUp: @Sendable () -> Bool

    private var truth: InMemoryStore { core.truth }

    func ask<Value: Sendable>(_ body: () async throws(StoreError) -> Value) async throws(StoreError) -> Value {
        try await link.request()
        let value = try await body()
        try await link.answer()
        return value
    }

    func change<Value: Sendable>(_ body: () async throws(StoreError) -> Value) async throws(StoreError) -> Value {
        try await link.request()
        if link.losesNext() { throw StoreError(.timeout, "simulated") }
        let value = try await body()
        await core.noteStamp()
        try await link.answer()
        return value
    }

    func ping() async throws(StoreError) {
        try await ask { () async throws(StoreError) in try await truth.ping() }
    }

    func selfTest() async throws(StoreError) {
        try await ask { () async throws(StoreError) in try await truth.selfTest() }
    }
}

// MARK: - Messages

extension SimulatedStore {
    func append(_ drafts: [MessageDraft], to conversation: ConversationID) async throws(StoreError) -> [AppendOutcome] {
        try await link.request()
        while core.mutation == .answerWaitsForBus, !busIsUp() { try? await link.time.sleep(for: .milliseconds(50)) }
        if link.losesNext() {
            if core.mutation == .ackBeforeCommit {
                let last = core.lastSeq(in: conversation)
                return drafts.enumerated().map { .stored($1.message(in: conversation, seq: last + Int64($0) + 1)) }
            }
            if core.mutation == .localRead, let draft = drafts.first {
                try await core.storeTakenBack(draft, in: conversation, ids: ids)
            }
            throw StoreError(.timeout, "simulated")
        }
        if core.raisesLater {
            try await renewWhatWasLeftBehind(in: conversation)
            core.beginAppend(to: conversation)
        }
        let drafts = core.mutation == .idempotencyOff ? drafts.map(core.withFreshID) : drafts
        let outcomes = try await truth.append(drafts, to: conversation)
        core.note(outcomes)
        await core.noteStamp()
        if core.raisesLater { try await raise(conversation, after: outcomes) }
        try await link.answer()
        return outcomes
    }

    /// Who appends raises also what others have left behind.
    private func renewWhatWasLeftBehind(in conversation: ConversationID) async throws(StoreError) {
        while true {
            let last = core.lastSeq(in: conversation)
            guard last > core.raisedSeq(in: conversation) else { return }
            await core.renewStamps(in: conversation, upTo: last)
            try await link.answer()
            try await link.request()
            if core.lastSeq(in: conversation) == last { return }
        }
    }

    /// The second write. One that fails is tried again until it is done, by whoever lives.
    private func raise(_ conversation: ConversationID, after outcomes: [AppendOutcome]) async throws(StoreError) {
        let triesOnce = core.mutation == .raiseTriedOnce
        if triesOnce, outcomes.allSatisfy(\.isDuplicate) { return }
        let seq = outcomes.compactMap(\.seq).max() ?? 0
        do throws(StoreError) {
            if outcomes.allSatisfy(\.isDuplicate) {
                await core.renewStamps(in: conversation, upTo: seq)
                try await link.answer()
            }
            try await link.request()
            if link.losesNext() { throw StoreError(.timeout, "simulated") }
        } catch {
            if triesOnce { throw error }
            Task { await raiseUntilDone(conversation, to: seq) }
            throw error
        }
        await core.raise(conversation, to: seq, seenAfter: link.raiseDelay(), time: link.outside)
    }

    private func raiseUntilDone(_ conversation: ConversationID, to seq: Int64) async {
        while !link.isCut {
            try? await link.time.sleep(for: .milliseconds(100))
            guard (try? await link.request()) != nil else { continue }
            await core.renewStamps(in: conversation, upTo: seq)
            guard (try? await link.answer()) != nil, (try? await link.request()) != nil else { continue }
            return await core.raise(conversation, to: seq, seenAfter: link.raiseDelay(), time: link.outside)
        }
    }

    /// Whoever reads a number above the conversation's raises it.
    private func raiseIfBehind(_ newest: Message) async throws(StoreError) {
        guard newest.seq > core.raisedSeq(in: newest.conversationID) else { return }
        await core.renewStamps(in: newest.conversationID, upTo: newest.seq)
        try await link.answer()
        try await link.request()
        await core.raise(newest.conversationID, to: newest.seq, seenAfter: link.raiseDelay(), time: link.outside)
    }

    func messages(in conversation: ConversationID, before: Int64?, after: Int64?, limit: Int) async throws(StoreError) -> MessagePage {
        try await ask { () async throws(StoreError) in
            let page = try await truth.messages(in: conversation, before: before, after: after, limit: limit)
            if let newest = page.messages.last { try await raiseIfBehind(newest) }
            return MessagePage(messages: page.messages.filter(core.isVisible), hasMore: page.hasMore)
        }
    }

    func messages(after: [ConversationID: Int64], each: Int, limit: Int) async throws(StoreError) -> [Message] {
        try await ask { () async throws(StoreError) in
            let raisedSeqs = core.raisedSeqs
            return try await truth.messages(after: after, each: each, limit: limit)
                .filter { $0.seq <= raisedSeqs[$0.conversationID] ?? .max && core.isVisible($0) }
        }
    }

    func lastSeq(in conversation: ConversationID, at stamp: Stamp) async throws(StoreError) -> Int64 {
        try await ask { () async throws(StoreError) in
            let raised = core.mutation == .lastSeqWithoutRaise ? .max : core.raisedSeq(in: conversation)
            return try await truth.lastSeq(in: conversation, at: stamp, upTo: raised)
        }
    }

    func conversations(
        of user: UserID,
        after position: ConversationPosition?,
        limit: Int
    ) async throws(StoreError) -> ConversationPage {
        try await ask { () async throws(StoreError) in try await truth.conversations(of: user, after: position, limit: limit) }
    }

    func edit(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        content: String,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await change { () async throws(StoreError) in
            let outcome = try await truth.edit(id, in: conversation, by: author, content: content, at: now)
            await core.noteChanged(conversation)
            return outcome
        }
    }

    func delete(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await change { () async throws(StoreError) in
            let outcome = try await truth.delete(id, in: conversation, by: author, at: now)
            await core.noteChanged(conversation)
            return outcome
        }
    }

    func react(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        emoji: String,
        adds: Bool
    ) async throws(StoreError) -> ChangeOutcome {
        try await change { () async throws(StoreError) in
            let outcome = try await truth.react(id, in: conversation, by: user, emoji: emoji, adds: adds)
            await core.noteChanged(conversation)
            return outcome
        }
    }

    func markRead(_ conversation: ConversationID, by user: UserID, upTo seq: Int64) async throws(StoreError) -> ReadOutcome {
        try await change { () async throws(StoreError) in try await truth.markRead(conversation, by: user, upTo: seq) }
    }

    func contacts(of user: UserID, limit: Int) async throws(StoreError) -> [UserID] {
        try await ask { () async throws(StoreError) in try await truth.contacts(of: user, limit: limit) }
    }
}

extension AppendOutcome {
    fileprivate var isDuplicate: Bool {
        if case .duplicate = self { true } else { false }
    }

    fileprivate var seq: Int64? {
        switch self {
        case .stored(let message), .duplicate(let message): message.seq
        case .conflict: nil
        }
    }
}
