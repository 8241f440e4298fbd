import DequeModule

/// One conversation's appends on this instance, in the order in which they were given.
///
/// Group commit: what comes while an append is under way goes together in the next one.
package actor ConversationWriter {
    /// Drafts of one sender that are numbered in a row.
    package struct Batch: Sendable {
        package let drafts: [MessageDraft]
        /// The connection that they came on.
        package let origin: ConnectionID?

        package init(drafts: [MessageDraft], origin: ConnectionID?) {
            self.drafts = drafts
            self.origin = origin
        }
    }

    private struct Waiting {
        let batch: Batch
        let continuation: CheckedContinuation<Result<[AppendOutcome], StoreError>, Never>
    }

    private let conversationID: ConversationID
    private let store: any MessageStore
    private let delivery: Delivery
    private let limit: Int
    private var waiting: Deque<Waiting> = []
    private var waitingDrafts = 0
    private var committer: Task<Void, Never>?

    /// - Parameter limit: drafts that may wait; past it an append fails with `.overloaded`.
    package init(conversationID: ConversationID, store: any MessageStore, delivery: Delivery, limit: Int = 4_096) {
        self.conversationID = conversationID
        self.store = store
        self.delivery = delivery
        self.limit = limit
    }

    /// Stores a batch; returns when it is durable.
    package func append(_ batch: Batch) async throws(StoreError) -> [AppendOutcome] {
        guard waitingDrafts + batch.drafts.count <= limit else {
            throw StoreError(.overloaded, "\(waitingDrafts) messages wait for one conversation")
        }
        waitingDrafts += batch.drafts.count
        let result = await withCheckedContinuation { continuation in
            waiting.append(Waiting(batch: batch, continuation: continuation))
            if committer == nil {
                committer = Task { await self.commitAll() }
            }
        }
        return try result.get()
    }

    private func commitAll() async {
        while !waiting.isEmpty {
            let group = Array(waiting)
            waiting.removeAll(keepingCapacity: true)
            waitingDrafts = 0
            await commit(group)
        }
        committer = nil
    }

    private func commit(_ group: [Waiting]) async {
        let outcomes: [AppendOutcome]
        do {
            outcomes = try await store.append(group.flatMap(\.batch.drafts), to: conversationID)
        } catch {
            for entry in group { entry.continuation.resume(returning: .failure(error)) }
            return
        }
        var rest = outcomes[...]
        var stored: [(message: Message, origin: ConnectionID?)] = []
        for entry in group {
            let own = rest.prefix(entry.batch.drafts.count)
            rest = rest.dropFirst(own.count)
            for case .stored(let message) in own { stored.append((message, entry.batch.origin)) }
            entry.continuation.resume(returning: .success(Array(own)))
        }
        await delivery.deliver(stored)
    }
}

/// The writers of the conversations that are written to at this moment.
package actor ConversationWriters {
    private struct Entry {
        let writer: ConversationWriter
        var users: Int
    }

    private let store: any MessageStore
    private let delivery: Delivery
    private var entries: [ConversationID: Entry] = [:]

    package init(store: any MessageStore, delivery: Delivery) {
        self.store = store
        self.delivery = delivery
    }

    /// Stores a batch through the conversation's writer.
    package func append(_ batch: ConversationWriter.Batch, to conversation: ConversationID) async throws(StoreError) -> [AppendOutcome] {
        let writer = borrow(conversation)
        defer { giveBack(conversation) }
        return try await writer.append(batch)
    }

    private func borrow(_ conversation: ConversationID) -> ConversationWriter {
        var entry =
            entries[conversation]
            ?? Entry(writer: ConversationWriter(conversationID: conversation, store: store, delivery: delivery), users: 0)
        entry.users += 1
        entries[conversation] = entry
        return entry.writer
    }

    private func giveBack(_ conversation: ConversationID) {
        guard var entry = entries[conversation] else { return }
        entry.users -= 1
        entries[conversation] = entry.users > 0 ? entry : nil
    }
}
