import FoundationEssentials

/// How many instructions each step took when somebody last agreed to it.
package struct InstructionThresholds: Codable, Sendable {
    /// How much more or less a step may take, as a share.
    package var tolerance: Double
    /// What they were counted with; others count otherwise.
    package var countedWith: String
    /// By the step's name.
    package var instructions: [String: Int]

    package init(tolerance: Double, countedWith: String, instructions: [String: Int]) {
        self.tolerance = tolerance
        self.countedWith = countedWith
        self.instructions = instructions
    }

    package static func read(from path: String) throws -> InstructionThresholds {
        try JSONDecoder().decode(InstructionThresholds.self, from: Data(contentsOf: URL(filePath: path)))
    }

    package func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(filePath: path))
    }

    /// What becomes of a step's count.
    package enum Verdict: Hashable, Sendable {
        case asBefore
        /// It takes more than it may.
        case regression
        /// It takes so much less that the threshold no longer guards it.
        case improvement
        case noThreshold
    }

    package func verdict(on step: String, counted: Int) -> Verdict {
        guard let known = instructions[step] else { return .noThreshold }
        if Double(counted) > Double(known) * (1 + tolerance) { return .regression }
        return Double(counted) < Double(known) * (1 - tolerance) ? .improvement : .asBefore
    }
}

/// One step's line in the table of a check.
package struct InstructionRow: Sendable {
    package let step: String
    /// Instructions of a step, one a run.
    package let counts: [Int]
    package let threshold: Int?
    package let verdict: InstructionThresholds.Verdict

    package init(_ step: String, counts: [Int], against thresholds: InstructionThresholds) {
        self.step = step
        self.counts = counts
        threshold = thresholds.instructions[step]
        verdict = thresholds.verdict(on: step, counted: counts.sorted()[counts.count / 2])
    }

    /// In the order of the runs' size: the middle one is what is judged.
    package var median: Int { counts.sorted()[counts.count / 2] }

    /// How far the counts lie from each other, in percent of the middle one.
    package var spread: Double {
        guard let least = counts.min(), let most = counts.max(), median > 0 else { return 0 }
        return 100 * Double(most - least) / Double(median)
    }

    /// A heading and one line a row; the columns are as wide as what is in them.
    package static func lines(of rows: [InstructionRow]) -> [String] {
        let cells =
            [["step", "instructions", "threshold", "change", "spread", ""]]
            + rows.map { row in
                let change = row.threshold.map { percent(100 * (Double(row.median) / Double(max(1, $0)) - 1), signed: true) } ?? ""
                return [
                    row.step, "\(row.median)", row.threshold.map { "\($0)" } ?? "none", change,
                    row.counts.count > 1 ? percent(row.spread, signed: false) : "", row.verdict.words,
                ]
            }
        let widths = (0..<6).map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { line in
            let padded = line.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - line[column].count)
                return (1...4).contains(column) ? space + line[column] : line[column] + space
            }
            let text = padded.joined(separator: "  ")
            return String(text[..<(text.lastIndex { $0 != " " }.map(text.index(after:)) ?? text.startIndex)])
        }
    }

    /// Two digits after the point.
    private static func percent(_ value: Double, signed: Bool) -> String {
        let hundredths = Int((abs(value) * 100).rounded())
        let sign = !signed || hundredths == 0 ? "" : value < 0 ? "-" : "+"
        let fraction = hundredths % 100
        return "\(sign)\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) %"
    }
}

extension InstructionThresholds.Verdict {
    fileprivate var words: String {
        switch self {
        case .asBefore: "as before"
        case .regression: "REGRESSION"
        case .improvement: "better: renew the threshold"
        case .noThreshold: "NO THRESHOLD"
        }
    }
}
