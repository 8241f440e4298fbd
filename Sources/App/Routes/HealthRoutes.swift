import Actors
import HTTPTypes
import Hummingbird
import Transport

/// Whether the process lives, and whether it can do its work.
struct HealthRoutes: Sendable {
    let store: StoreLiveness
    let bus: any Bus
    let freshness: FreshnessGate
    let drain: DrainState

    private struct Readiness: Encodable {
        struct Checks: Encodable {
            let store: String
            let bus: String
            let delivery: String
        }

        let status: String
        let checks: Checks
    }

    func add(to router: Router<APIContext>) {
        router.get("livez") { _, _ in try JSONBody.response(["status": "ok"]) }
        router.get("readyz") { _, _ in
            let storeAnswers = await store.ask().isSuccess
            let isReady = storeAnswers && !drain.isDraining
            let readiness = Readiness(
                status: drain.isDraining ? "draining" : isReady ? "ok" : "unavailable",
                checks: Readiness.Checks(
                    store: storeAnswers ? "ok" : "unavailable",
                    bus: bus.status.word,
                    delivery: delivery(storeAnswers)
                )
            )
            return try JSONBody.response(readiness, status: isReady ? .ok : .serviceUnavailable)
        }
    }

    /// Whether messages reach the connections here. With the bus away those of other instances come from the store, later.
    ///
    /// The bus's status is that of the probe that this instance publishes to itself: it has gone all the way that a message goes.
    private func delivery(_ storeAnswers: Bool) -> String {
        guard storeAnswers, !freshness.isStale else { return "unavailable" }
        return bus.status.isDegraded ? "delayed" : "ok"
    }
}

extension StoreLiveness.Answer {
    fileprivate var isSuccess: Bool {
        guard case .success = self else { return false }
        return true
    }
}

extension BusStatus {
    /// As `/readyz` says it.
    var word: String {
        switch self {
        case .disabled, .unreached: "disabled"
        case .connected: "ok"
        case .reconnecting: "reconnecting"
        }
    }
}
