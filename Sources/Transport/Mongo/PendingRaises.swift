import Actors

/// Raises that are owed: an append stored its messages, or a change its message, and could not raise the conversation. They are tried
/// again until they are done.
actor PendingRaises {
    /// Past it the oldest debts of this process are left to whoever reads the conversation next.
    private let limit = 10_000
    private let perform: @Sendable (AppendRaise) async throws(StoreError) -> Void
    private let performChange: @Sendable (MessageID, ConversationID) async throws(StoreError) -> Void
    private var owed: [ConversationID: AppendRaise] = [:]
    private var owedChanges: [MessageID: ConversationID] = [:]
    private var task: Task<Void, Never>?
    private var isClosed = false

    /// - Parameters:
    ///   - perform: does a raise.
    ///   - performChange: raises message and conversation after a change of the message.
    init(
        perform: @escaping @Sendable (AppendRaise) async throws(StoreError) -> Void,
        performChange: @escaping @Sendable (MessageID, ConversationID) async throws(StoreError) -> Void
    ) {
        self.perform = perform
        self.performChange = performChange
    }

    func owe(_ raise: AppendRaise) {
        guard !isClosed, owed.count < limit else { return }
        if let known = owed[raise.conversation], known.seq >= raise.seq { return }
        owed[raise.conversation] = raise
        if task == nil { task = Task { await self.settle() } }
    }

    func owe(changeOf id: MessageID, in conversation: ConversationID) {
        guard !isClosed, owedChanges.count < limit else { return }
        owedChanges[id] = conversation
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
        while !(owed.isEmpty && owedChanges.isEmpty), !Task.isCancelled {
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
            for (id, conversation) in owedChanges where !Task.isCancelled {
                do throws(StoreError) {
                    try await performChange(id, conversation)
                } catch {
                    break
                }
                owedChanges[id] = nil
                backoff.reset()
            }
        }
        task = nil
    }
}
