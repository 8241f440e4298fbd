import AsyncHTTPClient
import FoundationEssentials
import LocalCluster
import NIOCore
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("Prometheus reads what two instances measured", .cluster(), .serialized, .timeLimit(.minutes(3)))
struct MetricsScrapeTests {
    /// What `GET /metrics` answers.
    static func scrape(_ base: String) async throws -> String {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: base + "/metrics"), timeout: .seconds(20))
        #expect(response.status == .ok)
        #expect(response.headers.first(name: "Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        return String(buffer: try await response.body.collect(upTo: 4 << 20))
    }

    /// The number of a line that begins with this name and these labels; nil where there is none.
    static func value(_ series: String, in scrape: String) -> Double? {
        scrape.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap { Double($0.dropFirst(series.count + 1)) }
    }

    @Test("Numbers follow what happens; no label and no text names a user")
    func load() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        let onB = try await Wire.welcomed(bob, at: cluster.urlB)
        let before = try await Self.scrape(cluster.urlA)
        let beforeB = try await Self.scrape(cluster.urlB)
        for number in 1...20 {
            try await onA.post("m\(number) to \(bob.id)", to: bob)
            try await onB.message("m\(number) to \(bob.id)")
        }
        #expect(try await ada.send("by HTTP to \(bob.id)", to: bob).status == 201)
        #expect(try await ada.send("by HTTP to \(bob.id)", to: bob).status == 200)
        _ = try await cluster.visitor.call(
            .POST,
            "/api/auth/login",
            ["username": .string(ada.account.username), "password": "wrong password"]
        )
        try onA.send(["type": "NONSENSE"])
        try await onA.frame("ERROR")
        let admin = try await cluster.admin()
        #expect(try await admin.call(.POST, "/api/admin/users/\(bob.id)/ban", [:]).status == 200)
        #expect(try await onB.closed().code == 4003)

        let after = try await Self.scrape(cluster.urlA)
        let afterB = try await Self.scrape(cluster.urlB)
        func difference(_ series: String, _ before: String, _ after: String) -> Double {
            (Self.value(series, in: after) ?? .nan) - (Self.value(series, in: before) ?? .nan)
        }
        #expect(difference(#"switchboard_messages_sent_total{kind="direct",path="websocket"}"#, before, after) == 20)
        #expect(difference(#"switchboard_messages_sent_total{kind="direct",path="http"}"#, before, after) == 1)
        #expect(difference("switchboard_messages_duplicate_total", before, after) == 1)
        #expect(difference("switchboard_ack_duration_seconds_count", before, after) == 20)
        let delivered = ["local", "reconciler"].map {
            difference(#"switchboard_delivery_duration_seconds_count{path="\#($0)"}"#, before, after)
        }
        // The conversation's first one waits until the store has said that nothing is before it.
        #expect(delivered == [20, 1])
        #expect(difference(#"switchboard_auth_failures_total{reason="password"}"#, before, after) == 1)
        #expect(difference("switchboard_bad_frames_total", before, after) == 1)
        #expect(difference("switchboard_append_batch_messages_sum", before, after) == 22)
        let crossed = ["bus", "reconciler"].map {
            difference(#"switchboard_messages_delivered_total{kind="direct",path="\#($0)"}"#, beforeB, afterB)
        }
        #expect(crossed.reduce(0, +) >= 20)
        #expect(difference("switchboard_kicked_connections_total", beforeB, afterB) == 1)
        #expect((Self.value("switchboard_connections", in: after) ?? 0) >= 1)
        #expect(Self.value(#"switchboard_bus_state{state="connected"}"#, in: after) == 1)
        #expect(Self.value("switchboard_store_up", in: after) == 1)
        for text in [after, afterB] {
            #expect(text.firstMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7/) == nil)
            #expect(!text.contains(ada.account.username))
        }
        onA.connection.disconnect()
    }

    @Test("Every metric of the catalogue is there and no other, and promtool has nothing to say")
    func catalogue() async throws {
        let text = try await Self.scrape(try RunningCluster.current.urlA)
        let declared = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        #expect(Set(declared.map(String.init)) == Set(MetricCatalogue.all.map(\.name)))
        for declaration in MetricCatalogue.all {
            let lines = text.split(separator: "\n").filter { $0.hasPrefix(declaration.name + "{") }
            for line in lines {
                let labels = Set(line.matches(of: /([a-z_]+)="/).map { String($0.output.1) })
                #expect(labels == Set(declaration.labels), "\(line)")
            }
        }
        let directory = try TemporaryDirectory()
        try Data(text.utf8).write(to: URL(filePath: directory.path(of: "scrape.txt")))
        try await ToolRun.output(of: "sh", ["-c", "promtool check metrics < scrape.txt"], in: directory)
        try Data(text.replacing("# TYPE switchboard_users gauge\n", with: "# TYPE switchboard_users gauge\n} 1\n").utf8)
            .write(to: URL(filePath: directory.path(of: "broken.txt")))
        await #expect(throws: ChildProcessError.self) {
            try await ToolRun.output(of: "sh", ["-c", "promtool check metrics < broken.txt"], in: directory)
        }
    }

    @Test("Dashboard and alerts ask for metrics that are there, and a real Prometheus understands each question")
    func questions() async throws {
        let cluster = try RunningCluster.current
        let dashboard = try JSONValue(parsing: Data(RepositoryFile.text("deploy/grafana/dashboards/switchboard.json").utf8))
        let rules = try RepositoryFile.text("deploy/prometheus/alerts.yml")
        let expressions = PromQL.expressions(ofDashboard: dashboard) + PromQL.expressions(ofRules: rules)
        #expect(expressions.count > 50)
        let known = PromQL.names(inScrape: try await Self.scrape(cluster.urlA)).union(["up"])
        for expression in expressions {
            let names = PromQL.metrics(in: expression)
            #expect(!names.isEmpty, "\(expression)")
            #expect(names.isSubset(of: known), "\(expression)")
        }
        // Of what is measured everything can be seen.
        let asked = expressions.reduce(into: Set<String>()) { $0.formUnion(PromQL.metrics(in: $1)) }
        for declaration in MetricCatalogue.all where declaration.name.hasPrefix("switchboard_") {
            #expect(asked.contains { $0.hasPrefix(declaration.name) }, "\(declaration.name) is on no panel")
        }

        let targets = [cluster.urlA, cluster.urlB].map { String($0.dropFirst("http://".count)) }
        let prometheus = try await PrometheusServer.start(targets: targets, rules: RepositoryFile.path("deploy/prometheus/alerts.yml"))
        try await eventually(within: .seconds(60), "a scrape of both instances") {
            try await prometheus.ask(#"up{job="switchboard"} == 1"#).count == 2
        }
        for expression in expressions {
            let concrete = expression.replacing("$__rate_interval", with: "5m").replacing("$instance", with: ".*")
            _ = try await prometheus.ask(concrete)
        }
        await #expect(throws: APIClient.Failure.self) { try await prometheus.ask("sum(rate(switchboard_users)") }
        #expect(try await prometheus.ask("switchboard_reconciler_lag_seconds").count == 2)
        #expect(try await prometheus.ask(#"ALERTS{alertstate="firing"}"#).isEmpty)
        await prometheus.stop()
    }

    @Test("promtool accepts the rules, and its tests of each alert pass")
    func rules() async throws {
        let directory = try TemporaryDirectory()
        for name in ["alerts.yml", "alerts.test.yml"] {
            let text = try RepositoryFile.text("deploy/prometheus/\(name)")
            try Data(text.utf8).write(to: URL(filePath: directory.path(of: name)))
        }
        try await ToolRun.output(of: "promtool", ["check", "rules", "alerts.yml"], in: directory)
        try await ToolRun.output(of: "promtool", ["test", "rules", "alerts.test.yml"], in: directory)
        let alerts = try RepositoryFile.text("deploy/prometheus/alerts.yml").matches(of: /alert: (\w+)/).map { String($0.output.1) }
        let tests = try RepositoryFile.text("deploy/prometheus/alerts.test.yml")
        for alert in alerts { #expect(tests.contains(alert), "no test of \(alert)") }
    }
}

@Suite("/metrics can have a port of its own", .inTurn, .timeLimit(.minutes(1)))
struct MetricsPortTests {
    @Test("Then it isn't on the port of everything else")
    func own() async throws {
        let server = try await SoloServer.start(["METRICS_PORT": "0"])
        let line = try await server.process.waitForLog(containing: "metrics_listening")
        let port = try #require(line.firstMatch(of: /"port":(\d+)/)?.output.1)
        let text = try await MetricsScrapeTests.scrape("http://127.0.0.1:\(port)")
        #expect(MetricsScrapeTests.value("switchboard_store_up", in: text) == 1)
        for (path, status) in [("/metrics", 200), ("/api/me", 404)] {
            let request = "HEAD \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = try await RawExchange.answer(to: request, at: "http://127.0.0.1:\(port)")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
        #expect(try await server.visitor.call(.GET, "/metrics").status == 404)
        #expect(try await server.visitor.at("http://127.0.0.1:\(port)").call(.GET, "/api/me").status == 404)
    }

    @Test("A port that is taken is told by the name of its variable", arguments: ["PORT", "METRICS_PORT"])
    func taken(variable: String) async throws {
        let other = try await SoloServer.start()
        defer { withExtendedLifetime(other) {} }
        let port = try #require(other.url.split(separator: ":").last)
        let server = try ServerProcess(environment: [variable: String(port)])
        #expect(try await server.waitForExit() == .exited(1))
        let last = try #require(server.log.last)
        #expect(last.hasPrefix("switchboard: \(variable): 127.0.0.1:\(port) can't be listened on: "), "\(last)")
    }
}
