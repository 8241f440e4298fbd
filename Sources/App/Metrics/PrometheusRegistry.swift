import Actors
import CoreMetrics

/// Keeps what is recorded through swift-metrics, and writes it as Prometheus reads it.
///
/// A metric that `MetricCatalogue` doesn't know, of a library for instance, is kept too, under a name that Prometheus allows.
final class PrometheusRegistry: MetricsFactory {
    /// Those of one metric; past that a new set of labels is counted and shown nowhere.
    static let seriesLimit = 100

    enum Cell: Sendable {
        case counter(CounterCell)
        case gauge(GaugeCell)
        case histogram(HistogramCell)
    }

    struct Family: Sendable {
        let declaration: MetricDeclaration
        var series: [String: Cell] = [:]
    }

    private let families = Locked<[String: Family]>([:])

    /// All metrics in the order of their names.
    var snapshot: [Family] {
        families.withLock { Array($0.values) }.sorted { $0.declaration.name < $1.declaration.name }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard case .counter(let cell) = cell(label, dimensions, or: .counter) else { return CounterCell() }
        return cell
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        switch cell(label, dimensions, or: aggregate ? .latency : .gauge) {
        case .histogram(let cell): cell
        case .gauge(let cell): cell
        case .counter: GaugeCell()
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard case .histogram(let cell) = cell(label, dimensions, or: .latency) else { return HistogramCell(bounds: []) }
        return cell
    }

    /// A number that is set when `/metrics` is asked for; also a counter that is kept elsewhere.
    func gauge(_ label: String, _ dimensions: [(String, String)] = []) -> GaugeCell {
        guard case .gauge(let cell) = cell(label, dimensions, or: .gauge, isSet: true) else { return GaugeCell() }
        return cell
    }

    // What was recorded stays: Prometheus takes a counter that vanishes for one that began anew.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private func cell(
        _ label: String,
        _ dimensions: [(String, String)],
        or fallback: MetricDeclaration.Kind,
        isSet: Bool = false
    ) -> Cell {
        let name = PrometheusText.name(label)
        let declaration =
            MetricCatalogue.byName[name] ?? MetricDeclaration(name: name, kind: fallback, help: "Not described: recorded by a library.")
        let labels = PrometheusText.labels(dimensions)
        return families.withLock { families in
            var family = families[name] ?? Family(declaration: declaration)
            if let cell = family.series[labels] { return cell }
            let cell: Cell =
                switch family.declaration.kind {
                case .counter where !isSet: .counter(CounterCell())
                case .counter, .gauge: .gauge(GaugeCell())
                case .histogram(let bounds): .histogram(HistogramCell(bounds: bounds))
                }
            if family.series.count < Self.seriesLimit { family.series[labels] = cell }
            families[name] = family
            return cell
        }
    }
}
