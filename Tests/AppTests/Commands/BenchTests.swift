import FoundationEssentials
import LocalCluster
import Testing

@testable import App

@Suite("switchboard bench measures servers of its own")
struct BenchTests {
    private struct Row: Decodable {
        let scenario: String
        let measure: String
        let unit: String
        let values: [Double]
    }

    /// The counts of messages and connections are checked by the command itself: what doesn't add up ends it with an error.
    @Test("Every scenario prints plausible rows")
    func rows() async throws {
        let directory = try TemporaryDirectory()
        let json = directory.path(of: "figures.json")
        let arguments = [
            "bench", "all", "--connections", "100", "--clients", "5", "--rate", "50", "--seconds", "1", "--runs", "2", "--json", json,
        ]
        let environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        let bench = try ServerProcess(environment: environment, arguments: arguments, directory: directory)
        #expect(try await bench.waitForExit(timeout: .seconds(180)) == .exited(0))
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: json)))
        #expect(bench.output.count == rows.count + 1)
        #expect(bench.output.first?.hasPrefix("scenario") == true)
        #expect(Set(rows.map(\.scenario)) == ["idle 100", "durable 5", "durable 5 delivered", "dm 50/s", "bare SQLite"])
        for row in rows {
            #expect(row.values.count == 2, "\(row.measure)")
            #expect(row.values.allSatisfy { $0.isFinite && (row.measure == "memory of a connection" || $0 >= 0) }, "\(row.measure)")
        }
        for measure in ["acknowledged", "ACK p50", "delivery A→B p99", "bare Redis publish→subscribe p50", "commit of 50 p50"] {
            let values = rows.filter { $0.measure == measure }.flatMap(\.values)
            #expect(!values.isEmpty && values.allSatisfy { $0 > 0 }, "\(measure)")
        }
    }

    @Test("On MongoDB it says how large the inserts were and what the bare driver does")
    func mongodb() async throws {
        let directory = try TemporaryDirectory()
        let json = directory.path(of: "figures.json")
        var environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        for name in ["TEST_MONGODB_URI", "SECANTUSD"] { environment[name] = ProcessInfo.processInfo.environment[name] }
        let arguments = ["bench", "durable", "--db", "mongodb", "--clients", "5", "--seconds", "1", "--json", json]
        let bench = try ServerProcess(environment: environment, arguments: arguments, directory: directory)
        #expect(try await bench.waitForExit(timeout: .seconds(180)) == .exited(0))
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: json)))
        #expect(Set(rows.map(\.scenario)) == ["mongodb 5", "mongodb 5 into one"])
        let measures = [
            "acknowledged", "messages in an insert, mean", "bare insertMany of so many", "bare insertMany and raises",
            "acknowledged / bare",
            "acknowledged / bare with raises",
        ]
        for measure in measures {
            let values = rows.filter { $0.measure == measure }.flatMap(\.values)
            #expect(values.count == 2 && values.allSatisfy { $0 > 0 && $0.isFinite }, "\(measure)")
        }
        for row in rows where row.measure == "messages in an insert, most" { #expect((1...5).contains(row.values[0])) }
    }

    @Test("A table shows one value, or the least, the median and the greatest of several runs", arguments: [1, 3])
    func table(runs: Int) {
        var table = FigureTable()
        for run in 1...runs {
            table.add([Figure("idle", "memory", Double(run) * 10, "KiB", goal: .atMost(15))])
        }
        let lines =
            runs == 1
            ? ["scenario  measure  value  unit  goal", "idle      memory    10.0  KiB   ≤ 15.0 reached"]
            : ["scenario  measure   min  median   max  unit  goal", "idle      memory   10.0    20.0  30.0  KiB   ≤ 15.0 missed"]
        #expect(table.lines == lines)
    }

    @Test(
        "Figures have three significant digits",
        arguments: [
            (0.05678, "0.057"), (0.99996, "1.00"), (1.234, "1.23"), (9.999, "10.0"), (12.34, "12.3"), (5_432.1, "5432"), (0, "0.000"),
        ]
    )
    func digits(value: Double, text: String) {
        #expect(Figure.text(value) == text)
    }

    @Test("Numbers that can't be are refused")
    func refusals() async throws {
        let bench = try ServerProcess(arguments: ["bench", "idle", "--connections", "0"])
        #expect(try await bench.waitForExit() == .exited(64))
    }
}
