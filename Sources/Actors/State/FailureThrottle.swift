/// Counts failures a key in a sliding window, and says when a key has had too many.
///
/// Holds a bounded number of keys: past it the key that failed longest ago is forgotten.
package struct FailureThrottle<Key: Hashable & Sendable>: Sendable {
    private let limit: Int
    private let window: Duration
    private let capacity: Int
    private var failures: [Key: [Duration]] = [:]

    /// - Parameters:
    ///   - limit: failures in `window` at which a key is refused.
    ///   - capacity: keys that are remembered.
    package init(limit: Int = LogInLimit.failures, window: Duration = LogInLimit.window, capacity: Int = 65_536) {
        self.limit = limit
        self.window = window
        self.capacity = capacity
    }

    /// How long `key` has to wait; nil where it may try.
    package func delay(for key: Key, at now: Duration) -> Duration? {
        let recent = (failures[key] ?? []).filter { now - $0 < window }
        guard recent.count >= limit, let oldest = recent.first else { return nil }
        return window - (now - oldest)
    }

    package mutating func noteFailure(of key: Key, at now: Duration) {
        var recent = (failures[key] ?? []).filter { now - $0 < window }
        recent.append(now)
        failures[key] = recent.suffix(limit)
        if failures.count > capacity { makeRoom(at: now) }
    }

    private mutating func makeRoom(at now: Duration) {
        failures = failures.filter { entry in entry.value.contains { now - $0 < window } }
        guard failures.count > capacity, let oldest = failures.min(by: { ($0.value.last ?? .zero) < ($1.value.last ?? .zero) }) else {
            return
        }
        failures[oldest.key] = nil
    }
}
