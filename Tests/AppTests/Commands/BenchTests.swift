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
        let page = directory.path(of: "figures.md")
        let arguments = [
            "bench", "all", "--connections", "100", "--many-connections", "300", "--clients", "5", "--rate", "50", "--channels", "60",
            "--instances", "2", "--instances", "3", "--users", "6", "--subscribers", "20", "--seconds", "1", "--json", json,
            "--markdown", page,
        ]
        let environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        let bench = try ServerProcess(environment: environment, arguments: arguments, directory: directory)
        #expect(try await bench.waitForExit(timeout: .seconds(300)) == .exited(0), "\(bench.log.suffix(5).joined(separator: "\n"))")
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: json)))
        #expect(bench.output.prefix { !$0.isEmpty }.count == rows.count + 1)
        #expect(bench.output.first?.hasPrefix("scenario") == true)
        #expect(
            Set(rows.map(\.scenario)) == [
                "idle 100", "idle 300", "durable 5", "durable 5 delivered", "dm 50/s", "channels 60×50", "cluster 2×6 targeted",
                "cluster 3×6 targeted", "cluster ×6 targeted", "cluster 2×6 broadcast", "cluster 3×6 broadcast", "cluster ×6 broadcast",
                "bare SQLite", "reconnect 100 sqlite", "reconcile sqlite, idle", "reconcile sqlite, 200 changed", "micro", "start",
                "fanout",
                "fanout 20×8 Switchboard", "fanout 20×8 Switchboard by Socket.IO", "fanout 20×8 prebuilt frames",
            ]
        )
        let goals = bench.output.drop { $0 != "Goals" }
        #expect(goals.count > 10 && goals.contains { $0.hasPrefix("cluster ×6 targeted") && $0.contains("cluster ×6 broadcast") })
        let tables = try String(contentsOfFile: page, encoding: .utf8)
        for name in ["conditions", "goals", "idle", "channels", "cluster"] {
            #expect(tables.contains("<!-- figures: \(name) -->"))
        }
        for row in rows {
            #expect(row.values.count == 1, "\(row.measure)")
            let isDifference = row.measure == "memory of a connection" || row.measure.contains(" − ")
            #expect(row.values.allSatisfy { $0.isFinite && (isDifference || $0 >= 0) }, "\(row.measure)")
        }
        for measure in [
            "acknowledged", "ACK p50", "delivery A→B p99", "bare commit of a message p50", "bare WebSocket round trip p50",
            "commit of 50 p50",
        ] {
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
            "bench", "cluster", "--traffic", "spread", "--instances", "3", "--users", "15", "--seconds", "2", "--routing", routing.rawValue,
            "--json", json,
        ]
        let bench = try ServerProcess(environment: environment, arguments: arguments, directory: directory)
        #expect(try await bench.waitForExit(timeout: .seconds(120)) == .exited(0), "\(bench.log.joined(separator: "\n"))")
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(filePath: json)))
        #expect(Set(rows.map(\.scenario)) == ["spread 3×15 \(routing.rawValue)"])
        let value = { (measure: String) in rows.first { $0.measure == measure }?.values.first ?? 0 }
        // 15 a second for 2 seconds, and 2 to warm up; channels of 30.
        #expect(value("sent") == 60)
        #expect(value("delivered") == value("expected"))
        #expect(value("expected") == 48 * 29 + 12)
        #expect(value("delivery on another instance p99") > 0)
    }

    @Test("A spread plan's channels have members on every instance; each message of a plan has a sender among those whom it concerns")
    func plan() {
        let plans: [(ClusterPlan.Traffic, Int)] = [(.spread, 1), (.spread, 15), (.spread, 100), (.circles, 3), (.circles, 25)]
        for (traffic, users) in plans {
            for instances in [1, 2, 3, 5] {
                let plan = ClusterPlan(instances: instances, usersEach: users, traffic: traffic)
                for members in plan.members where traffic == .spread {
                    #expect(Set(members.map(plan.instance)).count == min(instances, plan.users))
                }
                for message in 0..<(3 * plan.users) {
                    let deliveries = (0..<plan.users).count { plan.isExpected(message, by: $0) }
                    if plan.users > 1 { #expect(deliveries == plan.deliveries(of: message)) }
                    if case .channel(let channel) = plan.destination(of: message) {
                        #expect(plan.members[channel].contains(plan.sender(of: message)))
                    }
                }
            }
        }
    }

    @Test("A busy channel's members are spread over all people, over each of several event loops as many", arguments: [1_000, 60, 50])
    func channels(people: Int) {
        let plan = ChannelsPlan(channels: people, members: 50, people: people)
        let members = plan.busyMembers
        #expect(Set(members).count == 50 && members.allSatisfy { (0..<people).contains($0) })
        #expect(members.count { $0.isMultiple(of: 2) } == 25)
        #expect(plan.names.allSatisfy { $0.count == 50 || $0.count == 51 && $0.last == ChannelsPlan.busyName })
    }

    /// What is measured as one instance's processor time.
    @Test("In circles an instance has the same to do however many there are, from two on")
    func circles() {
        let work = [2, 3, 5].map { instances -> [[Int]] in
            let plan = ClusterPlan(instances: instances, usersEach: 40, traffic: .circles)
            return (0..<instances).map { instance in
                let messages = 0..<(8 * plan.users)
                let sent = messages.count { plan.instance(of: plan.sender(of: $0)) == instance }
                let direct = messages.count {
                    guard case .user(let user) = plan.destination(of: $0) else { return false }
                    return plan.instance(of: user) == instance
                }
                let delivered = messages.reduce(0) { sum, message in
                    sum + (0..<plan.users).count { plan.instance(of: $0) == instance && plan.isExpected(message, by: $0) }
                }
                return [sent, direct, delivered]
            }
        }
        #expect(Set(work.joined()).count == 1, "\(work)")
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
        #expect(table.table.lines == lines)
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

    @Test("The goals say what was reached, with what others reach beside it, and what was not measured")
    func goals() {
        let figures = [
            Figure("idle 5000", "memory of a connection", 8.5, "KiB", goal: .atMost(9)),
            Figure("idle 5000", "until all are welcomed", 2, "s"),
            Figure("idle 5000 node-ws", "memory of a connection", 10, "KiB"),
            Figure("idle 50000 node-ws", "memory of a connection", 11, "KiB"),
            Figure("fanout 200×8 Switchboard", "processor time", 2.5, "µs", goal: .atMost(2)),
            Figure("fanout 200×8 node-ws", "processor time", 6.6, "µs"),
            Figure("durable 50", "acknowledged", 12_000, "/s", goal: .atLeast(10_000)),
            Figure("durable 50 delivered", "acknowledged", 9_000, "/s"),
            Figure("bare SQLite", "inserts, 50 in a commit", 140_000, "/s"),
            Figure("image", "memory of the idle server", 36, "MB", goal: .atMost(40)),
            Figure("image node-ws", "memory of the idle server", 70, "MB"),
        ]
        let rows = GoalTable(figures, isComplete: false).table.rows
        #expect(
            rows == [
                ["idle 5000: memory of a connection", "8.50 KiB", "≤ 9.00 KiB", "reached", "node-ws 10.0"],
                ["fanout 200×8 Switchboard: processor time", "2.50 µs", "≤ 2.00 µs", "missed", "node-ws 6.60"],
                ["durable 50: acknowledged", "12000 /s", "≥ 10000 /s", "reached", "bare SQLite 140000"],
                ["image: memory of the idle server", "36.0 MB", "≤ 40.0 MB", "reached", "node-ws 70.0"],
            ]
        )
        let others = figures.filter { $0.subject != "image" }
        let all = GoalTable(others, isComplete: true, leftOut: ["image": "it takes root"]).table.rows.map { [$0[0], $0[3]] }
        #expect(all.contains(["channels", "not measured"]) && all.contains(["image", "not measured: it takes root"]))
        #expect(!all.contains(["idle", "not measured"]))
    }

    @Test("A page keeps its words and gets new tables where its marks are")
    func page() {
        var table = FigureTable()
        table.add([Figure("idle 5", "memory", 1.5, "KiB"), Figure("start", "until it listens", 80, "ms", goal: .atMost(150))])
        var page = FiguresPage("# Title\n\n<!-- figures: start -->\nold\n<!-- end of figures -->\nwords\n")
        page.put(table, conditions: "On two cores.", isComplete: false)
        let start = """
            <!-- figures: start -->
            On two cores.

            |  | start |  |
            | --- | ---: | --- |
            | until it listens | 80.0 (≤ 150 reached) | ms |
            <!-- end of figures -->
            """
        #expect(page.text.hasPrefix("# Title\n\n\(start)\nwords\n\n## idle\n\n<!-- figures: idle -->\n"))
        let once = page.text
        page.put(table, conditions: "On two cores.", isComplete: false)
        #expect(page.text == once)
    }

    /// What starts them here is a program that takes the same arguments as what starts an image's server, without a root of its own.
    @Test("An image's row is what is in it, and what its server takes while nobody is connected")
    func image() async throws {
        let directory = try TemporaryDirectory()
        let start = directory.path(of: "start")
        let script = """
            #!/bin/sh
            while [ "$1" = -e ]; do export "$2"; shift 2; done
            DB_URI=sqlite:\(directory.path(of: "switchboard.db")) exec \(try ServerProcess.program()) serve
            """
        try Data(script.utf8).write(to: URL(filePath: start))
        let images = #"[{"name": "switchboard", "bytes": 119500000, "start": ["/bin/sh", "\#(start)"], "user": [10001, 10001]}]"#
        try Data(images.utf8).write(to: URL(filePath: directory.path(of: "images.json")))
        let figures = try await ImageBenchmark(folder: directory.path).run()
        #expect(figures.map(\.scenario) == ["image", "image"] && figures.map(\.unit) == ["MB", "MB"])
        #expect(figures.map(\.goal) == [.atMost(120), .atMost(40)])
        #expect(figures[0].isReached == true && figures[0].values == [119.5])
        #expect(figures[1].median > 5)
    }

    @Test("Numbers that can't be are refused, and images that nobody has made")
    func refusals() async throws {
        let bench = try ServerProcess(arguments: ["bench", "idle", "--connections", "0"])
        #expect(try await bench.waitForExit() == .exited(64))
        let image = try ServerProcess(arguments: ["bench", "image"])
        #expect(try await image.waitForExit() == .exited(64))
    }
}
