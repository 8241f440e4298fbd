import Testing

@testable import App

@Suite("Nothing is lost, nothing comes twice and no kick is missed while everything fails that can", .timeLimit(.minutes(6)), .serialized)
struct ChaosTests {
    @Test("On both stores", arguments: [(BenchDatabase.Kind.sqlite, 90), (.mongodb, 30)])
    func promises(database: BenchDatabase.Kind, seconds: Int) async throws {
        let plan = ChaosRun.Plan(seed: 20_260_108, length: .seconds(seconds), database: database)
        let report = try await ChaosRun(plan: plan) { _ in }.run().report
        let text = report.lines.joined(separator: "\n")
        print(text)
        // How soon a message comes through MongoDB's wire server says more of that server than of the instances; it is printed.
        #expect(database == .mongodb ? report.isComplete : report.isClean, "\(text)")
        #expect(report.messages > 10 * seconds / 2)
    }
}
