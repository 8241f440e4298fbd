import Metrics
import Testing

@testable import App

@Suite("What is measured is written as Prometheus reads it")
struct PrometheusTextTests {
    private let registry = PrometheusRegistry()

    private var text: String { PrometheusText.write(registry.snapshot) }

    @Test("Counters and gauges: one HELP and TYPE a metric, a line a set of labels")
    func plain() {
        let direct = Counter(
            label: "switchboard_messages_sent_total",
            dimensions: [("kind", "direct"), ("path", "http")],
            factory: registry
        )
        let channel = Counter(
            label: "switchboard_messages_sent_total",
            dimensions: [("kind", "channel"), ("path", "http")],
            factory: registry
        )
        direct.increment(by: 3)
        channel.increment()
        registry.gauge("switchboard_users").set(1.5)
        #expect(
            text == """
                # HELP switchboard_messages_sent_total Messages of clients that were stored, by kind of conversation and by the way they came.
                # TYPE switchboard_messages_sent_total counter
                switchboard_messages_sent_total{kind="channel",path="http"} 1
                switchboard_messages_sent_total{kind="direct",path="http"} 3
                # HELP switchboard_users Users with a live connection here now.
                # TYPE switchboard_users gauge
                switchboard_users 1.5

                """
        )
    }

    @Test("A histogram's buckets add up, the last one is the count, and times are in seconds")
    func histogram() {
        let size = Recorder(label: "switchboard_append_batch_messages", factory: registry)
        for value in [1, 2, 3, 5_000] { size.record(value) }
        let time = Timer(label: "switchboard_ack_duration_seconds", factory: registry)
        time.record(duration: .milliseconds(250))
        let lines = text.split(separator: "\n").map(String.init)
        for line in [
            #"switchboard_append_batch_messages_bucket{le="1"} 1"#, #"switchboard_append_batch_messages_bucket{le="2"} 2"#,
            #"switchboard_append_batch_messages_bucket{le="4"} 3"#, #"switchboard_append_batch_messages_bucket{le="2048"} 3"#,
            #"switchboard_append_batch_messages_bucket{le="+Inf"} 4"#, "switchboard_append_batch_messages_sum 5006",
            "switchboard_append_batch_messages_count 4", #"switchboard_ack_duration_seconds_bucket{le="0.1"} 0"#,
            #"switchboard_ack_duration_seconds_bucket{le="0.25"} 1"#, "switchboard_ack_duration_seconds_sum 0.25",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test("What a library records has a name and labels that Prometheus can read")
    func foreign() {
        Counter(label: "http.requests-2", dimensions: [("a.b", "say \"x\\y\"\n")], factory: registry).increment()
        #expect(text.contains(#"http_requests_2{a_b="say \"x\\y\"\n"} 1"#))
        #expect(PrometheusText.name("2xx") == "_2xx")
        #expect(PrometheusText.name("ä") == "_")
        #expect(PrometheusText.name("") == "_")
    }

    @Test("The same name and labels are the same number, whoever asks, also after one was destroyed")
    func same() {
        let counters = (0..<2).map { _ in Counter(label: "switchboard_bus_lost_total", factory: registry) }
        for counter in counters { counter.increment() }
        counters[0].destroy()
        #expect(text.contains("switchboard_bus_lost_total 2\n"))
    }

    @Test("Sets of labels past the limit are not shown: a metric can't grow without end")
    func bounded() {
        for number in 0..<(PrometheusRegistry.seriesLimit + 50) {
            Counter(label: "foreign_total", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        #expect(text.split(separator: "\n").count { $0.hasPrefix("foreign_total{") } == PrometheusRegistry.seriesLimit)
    }

    @Test("Nothing is lost where several record at once")
    func concurrent() async {
        let counter = Counter(label: "switchboard_bus_lost_total", factory: registry)
        let size = Recorder(label: "switchboard_append_batch_messages", factory: registry)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        size.record(2)
                    }
                }
            }
        }
        #expect(text.contains("switchboard_bus_lost_total 40000\n"))
        #expect(text.contains("switchboard_append_batch_messages_count 40000\n"))
        #expect(text.contains("switchboard_append_batch_messages_sum 80000\n"))
    }

    @Test("Every metric is declared once, with a name that says its kind and unit")
    func catalogue() {
        let names = MetricCatalogue.all.map(\.name)
        #expect(Set(names).count == names.count)
        for declaration in MetricCatalogue.all {
            #expect(PrometheusText.name(declaration.name) == declaration.name)
            #expect(declaration.help.hasSuffix("."))
            if case .counter = declaration.kind {
                #expect(declaration.name.hasSuffix("_total"))
            } else {
                #expect(!declaration.name.hasSuffix("_total"))
            }
        }
    }
}
