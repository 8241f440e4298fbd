import Histogram

/// Times that something took, in nanoseconds inside and in milliseconds outside.
struct Latencies: Sendable {
    private var histogram = Histogram<UInt32>(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
    private(set) var count = 0

    /// Times past a minute count as a minute.
    mutating func record(nanoseconds: Int64) {
        histogram.record(UInt64(min(max(nanoseconds, 1), 60_000_000_000)))
        count += 1
    }

    mutating func record(_ duration: Duration) {
        record(nanoseconds: Int64(duration / .nanoseconds(1)))
    }

    func milliseconds(percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1_000_000
    }

    /// The rows of these times: half of them, and all but one in a hundred, took no longer.
    func figures(_ scenario: String, _ measure: String) -> [Figure] {
        [
            Figure(scenario, "\(measure) p50", milliseconds(percentile: 50), "ms"),
            Figure(scenario, "\(measure) p99", milliseconds(percentile: 99), "ms"),
        ]
    }
}
