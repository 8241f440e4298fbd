/// One measured figure: a row of the table.
struct Figure: Encodable, Sendable {
    /// What a figure should be.
    enum Goal: Hashable, Sendable {
        case atMost(Double)
        case atLeast(Double)
    }

    let scenario: String
    let measure: String
    let unit: String
    /// One a run, in the order of the runs.
    private(set) var values: [Double]
    let goal: Goal?

    private enum CodingKeys: CodingKey {
        case scenario
        case measure
        case unit
        case values
    }

    init(_ scenario: String, _ measure: String, _ value: Double, _ unit: String, goal: Goal? = nil) {
        self.scenario = scenario
        self.measure = measure
        self.unit = unit
        values = [value]
        self.goal = goal
    }

    /// Takes in what a further run measured of the same.
    mutating func add(_ other: Figure) {
        values += other.values
    }

    func measuresSame(as other: Figure) -> Bool {
        (scenario, measure, unit) == (other.scenario, other.measure, other.unit)
    }

    var least: Double { values.min() ?? .nan }
    var greatest: Double { values.max() ?? .nan }

    var median: Double {
        let sorted = values.sorted()
        guard let first = sorted.first else { return .nan }
        let middle = sorted.count / 2
        return sorted.count == 1 ? first : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Whether the median reaches the goal; nil where there is none.
    var isReached: Bool? {
        switch goal {
        case nil: nil
        case .atMost(let limit): median <= limit
        case .atLeast(let limit): median >= limit
        }
    }

    /// The goal and whether the median reaches it, in words; empty where there is none.
    var verdict: String {
        guard let goal, let isReached else { return "" }
        return "\(goal.text) \(isReached ? "reached" : "missed")"
    }

    /// Three significant digits, and whole numbers from a hundred on.
    static func text(_ value: Double) -> String {
        if value < 0 { return "-\(text(-value))" }
        let digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3
        let scale = [1.0, 10, 100, 1_000][digits]
        let scaled = (value * scale).rounded()
        guard scaled.isFinite, abs(scaled) < 1e15 else { return "\(value)" }
        guard digits > 0 else { return "\(Int64(scaled))" }
        let fraction = "\(Int64(scaled) % Int64(scale))"
        return "\(Int64(scaled) / Int64(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

extension Figure.Goal {
    var text: String {
        switch self {
        case .atMost(let limit): "≤ \(Figure.text(limit))"
        case .atLeast(let limit): "≥ \(Figure.text(limit))"
        }
    }
}
