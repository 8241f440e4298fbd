import FoundationEssentials
import Glibc
import LocalCluster

/// Counts the instructions of this program's own runs by callgrind: they don't depend on what else the machine does.
struct InstructionCounter: Sendable, CustomStringConvertible {
    /// Its version, the compiler's and the processor's kind.
    let description: String
    private let program: String

    /// The two numbers of repetitions whose difference is counted, so that starting and preparing cancel.
    private static let few = 1_000
    private static let many = 6_000
    private static let timeLimit = Duration.seconds(240)

    static func find() async throws -> InstructionCounter {
        let version = try await output(of: "valgrind", ["--version"])
        return InstructionCounter(
            description: "\(version.last ?? "valgrind"), \(compiler), \(architecture)",
            program: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        )
    }

    /// - Returns: instructions of one repetition, one for each run, by the step's name.
    func counts(of steps: [String], runs: Int) async throws -> [String: [Int]] {
        let work = steps.flatMap { Array(repeating: $0, count: runs) }
        return try await withThrowingTaskGroup(of: (String, Int).self) { group in
            var waiting = work[...]
            func next() {
                guard let step = waiting.popFirst() else { return }
                group.addTask { (step, try await count(of: step)) }
            }
            for _ in 0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) { next() }
            var counts: [String: [Int]] = [:]
            while let (step, count) = try await group.next() {
                counts[step, default: []].append(count)
                next()
            }
            return counts
        }
    }

    private func count(of step: String) async throws -> Int {
        let few = try await instructions(of: step, times: Self.few)
        let many = try await instructions(of: step, times: Self.many)
        return Int((Double(many - few) / Double(Self.many - Self.few)).rounded())
    }

    private func instructions(of step: String, times: Int) async throws -> Int {
        let options = ["--tool=callgrind", "--callgrind-out-file=/dev/null", program, "run", step, "\(times)"]
        let lines = try await Self.output(of: "valgrind", options)
        // ==PID== Collected : 123456
        guard let line = lines.last(where: { $0.contains("Collected :") }), let count = line.split(separator: " ").last.flatMap({ Int($0) })
        else { throw ChildProcessError("valgrind doesn't say what it has counted: \(lines.suffix(5).joined(separator: "\n"))") }
        return count
    }

    /// All that it prints.
    private static func output(of tool: String, _ arguments: [String]) async throws -> [String] {
        let process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: [tool] + arguments,
            // Hash tables of the same order in every run.
            environment: ["PATH": ToolRun.searchPath, "SWIFT_DETERMINISTIC_HASHING": "1"],
            directory: "/"
        )
        let exit = try await process.waitForExit(timeout: timeLimit)
        let lines = process.lines(of: .standardOutput) + process.lines(of: .standardError)
        guard exit == .exited(0) else { throw ChildProcessError("\(tool) ended with \(exit): \(lines.suffix(5).joined(separator: "\n"))") }
        return lines
    }

    private static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "another processor"
        #endif
    }

    private static var compiler: String {
        #if compiler(>=6.4)
            "Swift 6.4 or later"
        #else
            "Swift 6.3"
        #endif
    }
}
