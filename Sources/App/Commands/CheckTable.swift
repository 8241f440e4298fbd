/// What was tried, a line each, printed as it becomes known.
struct CheckTable {
    enum Outcome: Sendable {
        case passed(String)
        case failed(String)
        case skipped(String)
    }

    private(set) var hasFailure = false

    mutating func add(_ subject: String, _ outcome: Outcome) {
        let column = subject + String(repeating: " ", count: max(0, 8 - subject.count))
        switch outcome {
        case .passed(let evidence):
            print("PASS", column, evidence, separator: "  ")
        case .failed(let reason):
            hasFailure = true
            print("FAIL", column, reason, separator: "  ")
        case .skipped(let reason):
            print("SKIP", column, reason, separator: "  ")
        }
    }
}
