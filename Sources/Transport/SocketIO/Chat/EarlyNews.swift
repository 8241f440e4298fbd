import Actors

/// What the server says of itself before its client is in: the latest of each kind waits until then.
struct EarlyNews {
    private var clusterStatus: Event?
    private var goAway: Event?

    /// - Returns: false for an event of another kind, which doesn't wait.
    mutating func hold(_ event: Event) -> Bool {
        switch event {
        case .clusterStatus: clusterStatus = event
        case .goAway: goAway = event
        default: return false
        }
        return true
    }

    mutating func take() -> [Event] {
        defer { self = EarlyNews() }
        return [clusterStatus, goAway].compactMap { $0 }
    }
}
