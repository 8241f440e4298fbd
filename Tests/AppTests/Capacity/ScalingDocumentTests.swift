import FoundationEssentials
import Testing
import Transport

@testable import App

@Suite("docs/scaling.md is what switchboard capacity reckons")
struct ScalingDocumentTests {
    @Test("It has the costs, the plans and the limits of Benchmarks/costs.json")
    func tables() throws {
        let document = try RepositoryFile.text("docs/scaling.md")
        let costs = try Costs(json: Data(try RepositoryFile.text("Benchmarks/costs.json").utf8))
        let report = CapacityReport(costs: costs, size: InstanceSize(), workload: Workload())
        let tables = [
            report.costTable, report.plans(CapacityReport.usual, .targeted), report.plans(CapacityReport.usual, .broadcast),
            report.limits(.targeted),
        ]
        for table in tables.map({ $0.joined(separator: "\n") }) {
            #expect(document.contains(table), "a table should be:\n\(table)")
        }
    }
}
