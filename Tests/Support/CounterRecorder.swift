package import Metrics
import Synchronization

/// Counts what counters are given; takes no other metric.
package final class CounterRecorder: MetricsFactory {
    private let state = Mutex<[String: Int64]>([:])

    package init() {}

    /// By label, with the dimensions in braces; those that were never raised are left out.
    package var values: [String: Int64] {
        state.withLock { $0 }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let suffix = dimensions.isEmpty ? "" : "{\(dimensions.map { "\($0)=\($1)" }.joined(separator: ","))}"
        return Handler(owner: self, name: label + suffix)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private final class Handler: CounterHandler {
        private let owner: CounterRecorder
        private let name: String

        init(owner: CounterRecorder, name: String) {
            self.owner = owner
            self.name = name
        }

        func increment(by amount: Int64) {
            owner.state.withLock { $0[name, default: 0] += amount }
        }

        func reset() {
            owner.state.withLock { $0[name] = nil }
        }
    }
}
