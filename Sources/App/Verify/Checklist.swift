import Foundation

/// What a check found.
enum CheckResult: Sendable {
    case pass(String)
    case fail(String)
    case skip(String)

    var word: String {
        switch self {
        case .pass: "PASS"
        case .fail: "FAIL"
        case .skip: "SKIP"
        }
    }

    /// A line of evidence, or the reason.
    var evidence: String {
        switch self {
        case .pass(let text), .fail(let text), .skip(let text): text
        }
    }
}

/// The rows of `switchboard verify`, in order, with what was found.
struct Checklist: Sendable {
    struct Row: Sendable {
        let number: Int
        let title: String
        let result: CheckResult
    }

    private(set) var rows: [Row] = []

    /// Runs a check and prints its row; an error that it throws is a failure.
    mutating func check(_ number: Int, _ title: String, _ body: () async throws -> CheckResult) async {
        let result: CheckResult
        do {
            result = try await body()
        } catch {
            result = .fail("\(error)")
        }
        add(number, title, result)
    }

    mutating func add(_ number: Int, _ title: String, _ result: CheckResult) {
        rows.append(Row(number: number, title: title, result: result))
        let line = "\(pad("\(number)", 3)) \(result.word)  \(pad(title, 58)) \(result.evidence)\n"
        // Not print, which keeps lines back where the output is a file: a run takes a while, and somebody is watching.
        FileHandle.standardOutput.write(Data(line.utf8))
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    var passed: Int { count("PASS") }
    var failed: Int { count("FAIL") }
    var skipped: Int { count("SKIP") }

    private func count(_ word: String) -> Int {
        rows.count { $0.result.word == word }
    }
}
