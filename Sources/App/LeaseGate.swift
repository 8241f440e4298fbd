import Actors

/// Holds back whoever waits until it is decided whether this instance may go by its id.
final class LeaseGate: Sendable {
    typealias Outcome = Result<Void, DuplicateInstanceError>

    private let outcome: AsyncStream<Outcome>
    private let decision: AsyncStream<Outcome>.Continuation

    init() {
        (outcome, decision) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Lets the one who waits pass; only the first call counts.
    func decide(_ outcome: Outcome) {
        decision.yield(outcome)
        decision.finish()
    }

    /// Returns once it is decided, and after `limit` in any case: without Redis nobody can say. To be called once.
    func wait(atMost limit: Duration) async throws(DuplicateInstanceError) {
        let outcome = outcome
        let decided = await value(within: limit) { () -> Outcome? in
            for await outcome in outcome { return outcome }
            return nil
        }
        try (decided ?? nil)?.get()
    }
}
