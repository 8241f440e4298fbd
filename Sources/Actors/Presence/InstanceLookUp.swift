/// A question to the directory that an answer doesn't wait for longer than it says.
package struct InstanceLookUp: Sendable {
    private let answers: AsyncStream<[String]>
    private let continuation: AsyncStream<[String]>.Continuation
    private let time: any TimeSource

    /// Begins to ask; the question ends by itself, at the directory's own time limit at the latest.
    init(time: any TimeSource, _ ask: @escaping @Sendable () async -> [String]) {
        self.time = time
        let (answers, continuation) = AsyncStream.makeStream(of: [String].self, bufferingPolicy: .bufferingNewest(1))
        (self.answers, self.continuation) = (answers, continuation)
        Task {
            continuation.yield(await ask())
            continuation.finish()
        }
    }

    /// What the directory has said, at most `limit` from now; empty where it has said nothing by then.
    package func found(within limit: Duration) async -> [String] {
        let deadline = Task { [time, continuation] in
            // Cancelled where the answer was there in time.
            guard (try? await time.sleep(for: limit)) != nil else { return }
            continuation.finish()
        }
        defer { deadline.cancel() }
        for await instances in answers { return instances }
        return []
    }
}
