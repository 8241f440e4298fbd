/// The appends of this instance: in each conversation one after the other, in the order in which they were given.
///
/// Group commit: what comes for a conversation while an append to it is under way goes together in the next one.
///
/// Its state is behind a lock and it belongs to no actor: each change from one actor to another and back is further work for the sender's
/// event loop, between a client's frame and its `ACK`.
package final class ConversationWriter: Sendable {
    private struct Waiting {
        let drafts: [MessageDraft]
        let trace: TraceParent?
        let continuation: CheckedContinuation<Result<[AppendOutcome], StoreError>, Never>
    }

    /// A conversation that is being written to. It goes when nothing waits and the last commit has been delivered: a later append then can't
    /// overtake an earlier delivery.
    private struct Entry {
        var queue: CommitQueue<Waiting>
        /// Not the caller's own task: that may be cancelled, and others wait for this one too.
        var committer: Task<Void, Never>?
    }

    private let store: any MessageStore
    private let delivery: Delivery
    private let time: any TimeSource
    private let metrics: ChatMetrics
    private let tracing: any MessageTracing
    private let limit: Int
    private let entries = Locked<[ConversationID: Entry]>([:])

    /// - Parameter limit: drafts of one conversation that may wait; past it an append fails with `.overloaded`.
    package init(
        store: any MessageStore,
        delivery: Delivery,
        time: any TimeSource,
        metrics: ChatMetrics = .shared,
        tracing: any MessageTracing = NoTracing(),
        limit: Int = 4_096
    ) {
        self.store = store
        self.delivery = delivery
        self.time = time
        self.metrics = metrics
        self.tracing = tracing
        self.limit = limit
    }

    /// The conversations that are being written to.
    package var activeCount: Int { entries.withLock { $0.count } }

    /// Stores drafts, numbered in a row; returns when they are durable.
    ///
    /// - Parameters:
    ///   - trace: the step that brought them.
    ///   - executor: where the caller's tasks run; what they begin is done there too. Nil for Swift's own threads.
    package nonisolated(nonsending) func append(
        _ drafts: [MessageDraft],
        to conversation: ConversationID,
        trace: TraceParent? = nil,
        on executor: (any TaskExecutor)? = nil
    ) async throws(StoreError) -> [AppendOutcome] {
        let result = await withCheckedContinuation { continuation in
            enqueue(Waiting(drafts: drafts, trace: trace, continuation: continuation), in: conversation, on: executor)
        }
        return try result.get()
    }

    private func enqueue(_ waiting: Waiting, in conversation: ConversationID, on executor: (any TaskExecutor)?) {
        let isTaken = entries.withLock { entries in
            var entry = entries[conversation] ?? Entry(queue: CommitQueue(limit: limit))
            switch entry.queue.offer(waiting, size: waiting.drafts.count) {
            case .begin: entry.committer = Task(executorPreference: executor) { await self.commitAll(in: conversation) }
            case .wait: break
            case .refuse: return false
            }
            entries[conversation] = entry
            return true
        }
        guard !isTaken else { return }
        waiting.continuation.resume(returning: .failure(StoreError(.overloaded, "too many messages wait for one conversation")))
    }

    private func commitAll(in conversation: ConversationID) async {
        while let group = nextGroup(in: conversation) {
            await commit(group, to: conversation)
        }
    }

    /// What is to be committed next; nil where nothing waits, and the conversation is forgotten.
    private func nextGroup(in conversation: ConversationID) -> [Waiting]? {
        entries.withLock { entries in
            let group = entries[conversation]?.queue.next()
            if group == nil { entries[conversation] = nil }
            return group
        }
    }

    private func commit(_ group: [Waiting], to conversation: ConversationID) async {
        let outcomes: [AppendOutcome]
        let began = time.uptime()
        // What goes together is one step, of the trace that was first.
        let span = tracing.begin(.append, under: group.first?.trace, messages: group.reduce(0) { $0 + $1.drafts.count })
        do {
            outcomes = try await store.append(group.flatMap(\.drafts), to: conversation)
        } catch {
            metrics.sending.failed(error)
            span?.end(failure: "\(error.code)")
            for waiting in group { waiting.continuation.resume(returning: .failure(error)) }
            return
        }
        span?.end()
        var rest = outcomes[...]
        var stored: [Message] = []
        for waiting in group {
            let own = rest.prefix(waiting.drafts.count)
            rest = rest.dropFirst(own.count)
            for case .stored(let message) in own { stored.append(message) }
            waiting.continuation.resume(returning: .success(Array(own)))
        }
        metrics.sending.appended(outcomes.count, in: time.uptime() - began)
        await delivery.deliver(stored, trace: span?.asParent)
    }
}
