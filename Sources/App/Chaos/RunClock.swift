/// The time of a run, from its beginning.
struct RunClock: Sendable {
    private let start = ContinuousClock.now

    var now: Duration { ContinuousClock.now - start }

    /// Returns at this time, at once where it has passed.
    func sleep(until time: Duration) async throws {
        try await Task.sleep(until: start + time, clock: .continuous)
    }
}
