package import Actors

/// Asks the store for a sign of life, and waits no longer than `patience` for it, whatever the store does.
///
/// A question to a store that hangs can't be taken back. It goes on, and whoever asks meanwhile waits for the same answer: there is one
/// question at most, however many ask.
package actor StoreLiveness {
    package typealias Answer = Result<Void, StoreError>

    /// How long the store may take.
    package static let patience = Duration.seconds(3)

    private let store: any Store
    private let time: any TimeSource
    /// The question under way. It keeps this, and ends with the store's answer.
    private var question: Task<Void, Never>?
    private var waiters: [UInt64: AsyncStream<Answer>.Continuation] = [:]
    private var lastID: UInt64 = 0

    package init(store: any Store, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// - Returns: what the store says; `.timeout` where it says nothing in time, or the task is cancelled.
    package nonisolated func ask() async -> Answer {
        await withTaskGroup(of: Answer?.self) { group in
            group.addTask { await self.answer() }
            group.addTask {
                // Cancelled: the answer was first.
                try? await self.time.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next().flatMap(\.self) ?? .failure(StoreError(.timeout, "no answer within \(Self.patience)"))
        }
    }

    /// The answer to the question that is under way, or to a new one; nil where the task is cancelled first.
    private func answer() async -> Answer? {
        let (answers, waiter) = AsyncStream<Answer>.makeStream(bufferingPolicy: .bufferingOldest(1))
        lastID += 1
        let id = lastID
        waiters[id] = waiter
        defer { waiters[id] = nil }
        if question == nil { question = Task { await self.inquire() } }
        for await answer in answers { return answer }
        return nil
    }

    private func inquire() async {
        let answer: Answer
        do throws(StoreError) {
            try await store.ping()
            answer = .success(())
        } catch {
            answer = .failure(error)
        }
        question = nil
        for waiter in waiters.values { waiter.yield(answer) }
    }
}
