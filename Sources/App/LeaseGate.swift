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

    /// To be called once; a cancelled task passes at once.
    func wait() async throws(DuplicateInstanceError) {
        for await outcome in outcome { return try outcome.get() }
    }
}
