/// What people are told of one metric, and how it is kept: the source of `/metrics` and of the table in the documentation.
struct MetricDeclaration: Sendable {
    enum Kind: Sendable {
        case counter
        case gauge
        /// - Parameter bounds: upper bounds of its buckets, ascending, in the metric's unit.
        case histogram(bounds: [Double])

        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    let name: String
    let kind: Kind
    /// Names of its labels. Each has few values, and they are known.
    var labels: [String] = []
    /// What it says, in a sentence.
    let help: String
}

extension MetricDeclaration.Kind {
    /// From a millisecond to ten seconds: what a person or another program waits for.
    static let latency = Self.histogram(bounds: [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ])

    /// From ten microseconds to one second: what happens inside of a process.
    static let internalLatency = Self.histogram(bounds: [
        0.00001, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
    ])

    /// How many of something go together.
    static let sizes = Self.histogram(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048])
}
