/// Exponential backoff with full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/):
/// each delay is drawn evenly up to a ceiling that doubles. It is a millisecond at least: whoever asks again rests before, however it is
/// drawn.
package struct Backoff: Sendable {
    private let base: Duration
    private let limit: Duration
    private var attempts = 0

    package init(base: Duration = .milliseconds(100), limit: Duration = .seconds(5)) {
        self.base = base
        self.limit = limit
    }

    /// How long to wait before the next attempt.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(limit, base * (1 << min(attempts, 20)))
        attempts += 1
        return .milliseconds(Int64.random(in: 1...ceiling.milliseconds, using: &generator))
    }

    /// Starts anew after a success.
    package mutating func reset() {
        attempts = 0
    }
}
