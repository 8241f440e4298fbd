/// What clients that send in a closed loop had acknowledged in a time, and what it took.
struct SendMeasurement: Sendable {
    /// Acknowledged a second.
    let rate: Double
    let figures: [Figure]

    private static let warmUp = Duration.seconds(2)

    /// Measures clients that send already; returns while they still do.
    static func take(
        _ scenario: String,
        on server: BenchServer,
        tally: Tally,
        duration: Duration,
        goal: Figure.Goal?
    ) async throws -> SendMeasurement {
        try await Task.sleep(for: Self.warmUp)
        let clientMeter = ProcessMeter.own
        let processorBefore = try server.meter.processorTime()
        let clientBefore = try clientMeter.processorTime()
        tally.beginMeasuring()
        let start = ContinuousClock.now
        try await Task.sleep(for: duration)
        let counts = tally.counts
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let processor = try server.meter.processorTime() - processorBefore
        let client = try clientMeter.processorTime() - clientBefore
        let done = Double(counts.latencies.count)
        guard done > 0 else { throw BenchFailure("nothing was acknowledged") }
        let figures =
            [Figure(scenario, "acknowledged", done / elapsed, "/s", goal: goal)]
            + counts.latencies.figures(scenario, "ACK") + [
                Figure(scenario, "processor time of the server", processor / .microseconds(1) / done, "µs each"),
                Figure(scenario, "processor time of the load client", client / .microseconds(1) / done, "µs each"),
            ]
        return SendMeasurement(rate: done / elapsed, figures: figures)
    }
}
