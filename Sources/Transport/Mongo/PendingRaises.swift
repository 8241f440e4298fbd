import Actors

/// Raises that are owed: an append stored its messages and could not raise their conversation. They are tried again until they are done.
actor PendingRaises {
    /// Past it the oldest debts of this process are left to whoever reads the conversation next.
    private let limit = 10_000
    private let perform: @Sendable (AppendRaise) async throws(StoreError) -> Void
    private var owed: [ConversationID: AppendRaise] = [:]
    private var task: Task<Void, Never>?
    private var isClosed = false

    /// - Parameter perform: does a raise.
    init(perform: @escaping @Sendable (AppendRaise) async throws(StoreError) -> Void) {
        self.perform = perform
    }

    func owe(_ raise: AppendRaise) {
        guard !isClosed, owed.count < limit else { return }
        if let known = owed[raise.conversation], known.seq >= raise.seq { return }
        owed[raise.conversation] = raise
        if task == nil { task = Task { await self.settle() } }
    }

    /// Gives up what is still owed: the next reader or writer of the conversation raises it.
    func close() async {
        isClosed = true
        task?.cancel()
        await task?.value
    }

    private func settle() async {
        var backoff = Backoff(base: .milliseconds(200), limit: .seconds(5))
        var random = SystemRandomNumberGenerator()
        while !owed.isEmpty, !Task.isCancelled {
            // Cancelled is seen by the loop.
            try? await Task.sleep(for: backoff.next(using: &random))
            for raise in owed.values where !Task.isCancelled {
                do throws(StoreError) {
                    try await perform(raise)
                } catch {
                    break
                }
                if owed[raise.conversation] == raise { owed[raise.conversation] = nil }
                backoff.reset()
            }
        }
        task = nil
    }
}
