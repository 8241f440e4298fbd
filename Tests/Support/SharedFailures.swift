package import Actors

/// The failures of several instances, as a Redis of theirs has them.
package final class SharedFailures: LogInFailures {
    private struct State {
        var throttle = FailureThrottle<LogInKey>()
        var counts: [LogInKey: Int] = [:]
        var isAway = false
        var isHiding = false
    }

    private let time: any TimeSource
    private let state = Locked(State())

    package init(time: any TimeSource) {
        self.time = time
    }

    /// Neither counts nor says anything while it is so.
    package var isAway: Bool {
        get { state.withLock { $0.isAway } }
        set { state.withLock { $0.isAway = newValue } }
    }

    /// Says nothing before it counts: what it knows comes as a surprise.
    package var isHiding: Bool {
        get { state.withLock { $0.isHiding } }
        set { state.withLock { $0.isHiding = newValue } }
    }

    package func failures(of key: LogInKey) -> Int {
        state.withLock { $0.counts[key] ?? 0 }
    }

    package func count(_ key: LogInKey) {
        let now = time.uptime()
        state.withLock { state in
            state.throttle.noteFailure(of: key, at: now)
            state.counts[key, default: 0] += 1
        }
    }

    package func delay(for keys: [LogInKey]) -> Duration? {
        let now = time.uptime()
        return state.withLock { state in
            guard !state.isAway, !state.isHiding else { return nil }
            return keys.compactMap { state.throttle.delay(for: $0, at: now) }.max()
        }
    }

    package func noteFailure(of keys: [LogInKey]) -> Duration? {
        let now = time.uptime()
        if isAway { return nil }
        for key in keys {
            if let delay = state.withLock({ $0.throttle.delay(for: key, at: now) }) { return delay }
            count(key)
        }
        return nil
    }
}
