/// A token bucket (https://en.wikipedia.org/wiki/Token_bucket): so many a second, twice that in a burst.
package struct RateLimiter: Sendable {
    /// What becomes of a frame.
    package enum Verdict: Hashable, Sendable {
        case admit
        /// Refused; worth trying again after that time.
        case refuse(retryAfter: Duration)
        /// Refused, as so many have been lately that the sender doesn't listen.
        case close
    }

    private let rate: Double
    private let burst: Double
    private var tokens: Double
    private var updatedAt: Duration
    private var refusals: SlidingCounter

    /// - Parameters:
    ///   - rate: frames a second; 0 admits everything.
    ///   - now: the uptime at the beginning.
    package init(rate: Int, now: Duration) {
        self.rate = Double(rate)
        burst = Double(rate * 2)
        tokens = burst
        updatedAt = now
        refusals = SlidingCounter(limit: rate * 2, window: .seconds(10))
    }

    /// Judges one frame that came at `now`.
    package mutating func admit(at now: Duration) -> Verdict {
        guard rate > 0 else { return .admit }
        tokens = min(burst, tokens + (now - updatedAt) / .seconds(1) * rate)
        updatedAt = now
        if tokens >= 1 {
            tokens -= 1
            return .admit
        }
        if refusals.exceeds(at: now) { return .close }
        return .refuse(retryAfter: .milliseconds(Int64(((1 - tokens) / rate * 1_000).rounded(.up))))
    }
}

/// Counts events in windows of a fixed length that begin with an event.
package struct WindowCounter: Sendable {
    private let limit: Int
    private let window: Duration
    private var startedAt: Duration?
    private var count = 0

    package init(limit: Int, window: Duration) {
        self.limit = limit
        self.window = window
    }

    /// Counts one event; true where it is past the window's limit.
    package mutating func exceeds(at now: Duration) -> Bool {
        if let startedAt, now - startedAt < window {
            count += 1
        } else {
            startedAt = now
            count = 1
        }
        return count > limit
    }
}
