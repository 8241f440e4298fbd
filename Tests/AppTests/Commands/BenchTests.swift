import FoundationEssentials
import LocalCluster
import Testing
import Transport

@testable import App

@Suite("switchboard bench measures servers of its own", .inTurn)
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
            "bench", "all", "--connections", "100", "--clients", "5", "--rate", "50", "--instances", "2", "--users", "6", "--subscribers",
            "20", "--seconds", "1",
            "--runs", "2", "--json", json,
        ]
        let environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        let bench = try ServerProcess(environment: environment, arguments: arguments, directory: directory)
        #expect(try await bench.waitForExit(timeout: .seconds(180)) == .exited(0))
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: json)))
        #expect(bench.output.count == rows.count + 1)
        #expect(bench.output.first?.hasPrefix("scenario") == true)
        #expect(
            Set(rows.map(\.scenario)) == [
                "idle 100", "durable 5", "durable 5 delivered", "dm 50/s", "cluster 2×6 broadcast", "bare SQLite",
                "reconnect 100 sqlite", "reconcile sqlite, idle", "reconcile sqlite, 200 changed", "micro", "start", "fanout",
                "fanout 20×8 Switchboard", "fanout 20×8 Switchboard by Socket.IO",
            ]
        )
        for row in rows {
            #expect(row.values.count == 2, "\(row.measure)")
            #expect(row.values.allSatisfy { $0.isFinite && (row.measure == "memory of a connection" || $0 >= 0) }, "\(row.measure)")
        }
        for measure in ["acknowledged", "ACK p50", "delivery A→B p99", "bare Redis publish→subscribe p50", "commit of 50 p50"] {
            let values = rows.filter { $0.measure == measure }.flatMap(\.values)
            #expect(!values.isEmpty && values.allSatisfy { $0 > 0 }, "\(measure)")
        }
    }

    @Test("A drain costs nobody a message: everybody goes on at the other instance")
    func drain() async throws {
        let directory = try TemporaryDirectory()
        let json = directory.path(of: "figures.json")
        let environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        let arguments = ["bench", "drain", "--sessions", "30", "--drain-seconds", "3", "--json", json]
        let bench = try ServerProcess(environment: environment, arguments: arguments, directory: directory)
        #expect(try await bench.waitForExit(timeout: .seconds(120)) == .exited(0), "\(bench.log.joined(separator: "\n"))")
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: json)))
        let value = { (measure: String) in rows.first { $0.measure == measure }?.values.first }
        #expect(value("sessions that went on at the other instance") == 30)
        #expect(value("lost") == 0 && value("twice") == 0 && value("out of order") == 0)
        #expect(value("messages").map { $0 >= 60 } == true)
    }

    @Test("Over several instances every message comes to everybody whom it is for", arguments: BusRouting.allCases)
    func cluster(routing: BusRouting) async throws {
        let directory = try TemporaryDirectory()
        let json = directory.path(of: "figures.json")
        let environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        let arguments = [
            "bench", "cluster", "--instances", "3", "--users", "45", "--seconds", "2", "--routing", routing.rawValue, "--json", json,
        ]
        let bench = try ServerProcess(environment: environment, arguments: arguments, directory: directory)
        #expect(try await bench.waitForExit(timeout: .seconds(120)) == .exited(0), "\(bench.log.joined(separator: "\n"))")
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: json)))
        #expect(Set(rows.map(\.scenario)) == ["cluster 3×45 \(routing.rawValue)"])
        let value = { (measure: String) in rows.first { $0.measure == measure }?.values.first ?? 0 }
        // 15 a second for 2 seconds, and 2 to warm up; channels of 30.
        #expect(value("sent") == 60)
        #expect(value("delivered") == value("expected"))
        #expect(value("expected") == 48 * 29 + 12)
        #expect(value("delivery on another instance p99") > 0)
    }

    @Test("Each channel of a cluster's plan has members on every instance, and each of its messages a sender among them")
    func plan() {
        for users in [3, 7, 45, 300] {
            let plan = ClusterPlan(instances: 3, users: users)
            for channel in 0..<plan.channels {
                #expect(Set(plan.members(of: channel).map(plan.instance)) == [0, 1, 2])
            }
            let members = (0..<plan.channels).map { plan.members(of: $0).count }
            for message in 0..<(3 * users) {
                let deliveries = (0..<users).count { plan.isExpected(message, by: $0) }
                #expect(deliveries == plan.deliveries(of: message, members: members))
                if case .channel(let channel) = plan.destination(of: message) {
                    #expect(plan.members(of: channel).contains(plan.sender(of: message)))
                }
            }
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
