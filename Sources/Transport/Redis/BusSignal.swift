import Actors

/// Wakes one task; further calls until it has woken up count as one.
struct BusSignal: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func fire() {
        // A full buffer says the same already.
        _ = continuation.yield()
    }

    func finish() {
        continuation.finish()
    }

    /// Waits until it has fired while something is so, and no longer than `limit`.
    ///
    /// - Returns: false where the time was over first, or it finished.
    @discardableResult
    func wait(atMost limit: Duration, _ time: any TimeSource, until isSo: @escaping @Sendable () -> Bool = { true }) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in stream where isSo() { return true }
                return false
            }
            group.addTask {
                // Cancelled: the other one was first.
                try? await time.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }
}
