import Actors
import ArgumentParser
import LocalCluster
import MicroSteps

/// Compares how many instructions the steps take with what is agreed.
struct CheckInstructions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Count each step's instructions by callgrind and compare them with the thresholds; status 1 where one takes more.",
        discussion: "Valgrind can't read this program's debugging information: it must be stripped."
    )

    @Argument(help: "The thresholds, a JSON file.")
    var thresholds: String

    @Flag(help: "Write what was counted into the file instead.")
    var update = false

    @Option(help: "How often each step is counted; the median is judged.")
    var runs = 1

    @Option(help: "Count this step alone.")
    var only: String?

    func validate() throws {
        guard runs > 0 else { throw ValidationError("Numbers must be greater than 0.") }
        guard !steps.isEmpty else { throw ValidationError("--only names one of \(Self.watched.joined(separator: ", ")).") }
        guard !update || only == nil else { throw ValidationError("--update counts every step.") }
    }

    func run() throws {
        try waiting { [self] in try await check() }
    }

    private static var watched: [String] { MicroStep.all.filter(\.isOurs).map(\.name) }
    private var steps: [String] { Self.watched.filter { only == nil || $0 == only } }

    private func check() async throws {
        let counter = try await InstructionCounter.find()
        var agreed = try InstructionThresholds.read(from: thresholds)
        let counts = try await counter.counts(of: steps, runs: runs)
        let rows = steps.map { InstructionRow($0, counts: counts[$0] ?? [0], against: agreed) }
        print(InstructionRow.lines(of: rows).joined(separator: "\n"))
        if update {
            agreed.instructions = Dictionary(uniqueKeysWithValues: rows.map { ($0.step, $0.median) })
            agreed.countedWith = counter.description
            try agreed.write(to: thresholds)
            return
        }
        if agreed.countedWith != counter.description {
            print("The thresholds were counted with \(agreed.countedWith), these with \(counter.description).")
        }
        let verdicts = Set(rows.map(\.verdict))
        let renewal = "scripts/bench --check --update"
        if verdicts.contains(.improvement) { print("What has become better is only kept by new thresholds: \(renewal)") }
        guard verdicts.isDisjoint(with: [.regression, .noThreshold]) else {
            print("More than \(agreed.tolerance * 100) % over a threshold, or without one. Where that is meant: \(renewal)")
            throw ExitCode.failure
        }
    }
}
