import Actors
import HTTPTypes
import Hummingbird

/// Whether the process lives, and whether it can do its work.
struct HealthRoutes: Sendable {
    let store: any Store
    let bus: any Bus
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
            let storeAnswers = await storeAnswers()
            let isReady = storeAnswers && !drain.isDraining
            let readiness = Readiness(
                status: drain.isDraining ? "draining" : isReady ? "ok" : "unavailable",
                checks: Readiness.Checks(
                    store: storeAnswers ? "ok" : "unavailable",
                    bus: bus.status.word,
                    delivery: isReady ? "ok" : "unavailable"
                )
            )
            return try JSONBody.response(readiness, status: isReady ? .ok : .serviceUnavailable)
        }
    }

    private func storeAnswers() async -> Bool {
        do {
            try await store.ping()
            return true
        } catch {
            return false
        }
    }
}

extension BusStatus {
    /// As `/readyz` says it.
    var word: String {
        switch self {
        case .disabled: "disabled"
        case .connected: "ok"
        case .reconnecting: "reconnecting"
        }
    }
}
