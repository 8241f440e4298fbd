import FoundationEssentials
import MicroSteps
import Testing

@Suite("The small steps are counted and compared with thresholds")
struct MicroStepTests {
    @Test("Each step does what it says, any number of times", arguments: MicroStep.all.map(\.name))
    func steps(name: String) async throws {
        let step = try #require(MicroStep.all.first { $0.name == name })
        let prepared = try await step.prepare()
        try await prepared.run(1)
        try await prepared.run(20)
        await prepared.finish()
    }

    @Test("Every step of the server has a threshold, and there are no others")
    func committed() throws {
        var folder = URL(filePath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        let thresholds = try InstructionThresholds.read(from: folder.path + "/Benchmarks/thresholds.json")
        #expect(Set(thresholds.instructions.keys) == Set(MicroStep.all.filter(\.isOurs).map(\.name)))
        #expect(thresholds.instructions.values.allSatisfy { $0 > 0 } && (0.01...0.1).contains(thresholds.tolerance))
    }

    @Test(
        "More than the tolerance above a threshold is a regression, more than it below asks to be renewed",
        arguments: [
            (960, .asBefore), (1_040, .asBefore), (1_041, .regression), (959, .improvement),
        ] as [(Int, InstructionThresholds.Verdict)]
    )
    func verdicts(counted: Int, verdict: InstructionThresholds.Verdict) {
        let thresholds = InstructionThresholds(tolerance: 0.04, countedWith: "", instructions: ["a": 1_000])
        #expect(thresholds.verdict(on: "a", counted: counted) == verdict)
        #expect(thresholds.verdict(on: "b", counted: counted) == .noThreshold)
    }

    @Test("The table shows the change, and how far several runs lie from each other")
    func table() {
        let thresholds = InstructionThresholds(tolerance: 0.04, countedWith: "", instructions: ["a": 1_000, "bee": 2_000])
        let rows = [
            InstructionRow("a", counts: [1_090, 1_100, 1_101], against: thresholds),
            InstructionRow("bee", counts: [1_999, 1_999, 1_999], against: thresholds),
            InstructionRow("new", counts: [5, 5, 5], against: thresholds),
        ]
        #expect(
            InstructionRow.lines(of: rows) == [
                "step  instructions  threshold    change  spread",
                "a             1100       1000  +10.00 %  1.00 %  REGRESSION",
                "bee           1999       2000   -0.05 %  0.00 %  as before",
                "new              5       none            0.00 %  NO THRESHOLD",
            ]
        )
    }

    @Test("Thresholds are read as they were written")
    func file() throws {
        let path = FileManager.default.temporaryDirectory.path + "/thresholds-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try InstructionThresholds(tolerance: 0.03, countedWith: "x", instructions: ["a": 7]).write(to: path)
        let read = try InstructionThresholds.read(from: path)
        #expect(read.instructions == ["a": 7] && read.tolerance == 0.03 && read.countedWith == "x")
    }
}
