package import Actors

/// The bus's life, from the first attempt to connect to the end: which of its changes are told, and when it is tried again.
///
/// Times are uptimes.
package struct BusState: Sendable {
    package enum Phase: Hashable, Sendable {
        case initial
        /// Before the first success, while whoever waits for the start still waits.
        case connecting
        /// Every subscription is confirmed.
        case subscribed
        case lost(since: Duration)
        /// Not reached in time at boot; tried on in the background.
        case disabled
        case stopped
    }

    /// What a success means.
    package enum Success: Hashable, Sendable {
        case initialized
        /// The first success, after the bus was given up at boot.
        case enabled
        case restored(down: Duration)
        /// It has been stopped meanwhile: the connection is to be closed.
        case unwanted
    }

    /// What the end of the time for the start means.
    package enum Verdict: Hashable, Sendable {
        case none
        case disable
        /// The bus is required: the process ends.
        case fail
    }

    /// What the time asks for.
    package enum Probe: Hashable, Sendable {
        case send
        case wait
        /// No probe has come back in time.
        case lost
    }

    package private(set) var phase = Phase.initial
    private let isRequired: Bool
    private let probeInterval: Duration
    private let probeTimeout: Duration
    private var backoff: Backoff
    private var probeSentAt: Duration?
    private var probeReturnedAt: Duration = .zero

    /// - Parameters:
    ///   - isRequired: whether the process can't run without the bus at boot.
    ///   - probeInterval: the time from one probe to the next.
    ///   - probeTimeout: without a probe for this long the bus is lost.
    package init(
        isRequired: Bool,
        probeInterval: Duration = .seconds(2),
        probeTimeout: Duration = .seconds(4),
        backoff: Backoff = Backoff()
    ) {
        self.isRequired = isRequired
        self.probeInterval = probeInterval
        self.probeTimeout = probeTimeout
        self.backoff = backoff
    }

    package var status: BusStatus {
        switch phase {
        case .initial, .connecting, .lost: .reconnecting
        case .subscribed: .connected
        case .disabled: .unreached
        case .stopped: .disabled
        }
    }

    /// Whether a hint given now is sent or kept.
    package var acceptsHints: Bool {
        switch phase {
        case .initial, .connecting, .subscribed, .lost: true
        case .disabled, .stopped: false
        }
    }

    /// Begins; false where it has begun before.
    package mutating func start() -> Bool {
        guard case .initial = phase else { return false }
        phase = .connecting
        return true
    }

    /// Every subscription of a new connection is confirmed.
    package mutating func subscribed(at now: Duration) -> Success {
        let success: Success
        switch phase {
        case .initial, .connecting: success = .initialized
        case .disabled: success = .enabled
        case .lost(let since): success = .restored(down: now - since)
        case .subscribed, .stopped: return .unwanted
        }
        phase = .subscribed
        backoff.reset()
        probeSentAt = nil
        probeReturnedAt = now
        return success
    }

    /// The connection has ended or is given up; true where that is news.
    package mutating func lost(at now: Duration) -> Bool {
        guard case .subscribed = phase else { return false }
        phase = .lost(since: now)
        return true
    }

    /// How long to wait before the next attempt to connect; nil where none is to be made.
    package mutating func nextAttempt(using generator: inout some RandomNumberGenerator) -> Duration? {
        switch phase {
        case .connecting, .lost, .disabled: backoff.next(using: &generator)
        case .initial, .subscribed, .stopped: nil
        }
    }

    /// The time for the start is over.
    package mutating func startTimedOut() -> Verdict {
        guard case .connecting = phase else { return .none }
        phase = isRequired ? .stopped : .disabled
        return isRequired ? .fail : .disable
    }

    package mutating func probeReturned(at now: Duration) {
        guard case .subscribed = phase else { return }
        probeReturnedAt = now
    }

    /// How long ago the subscription last proved itself; nil while there is none.
    package func probeAge(at now: Duration) -> Duration? {
        guard case .subscribed = phase else { return nil }
        return now - probeReturnedAt
    }

    /// What to do at `now`, and how long it is until the next question.
    package mutating func probe(at now: Duration) -> (Probe, next: Duration) {
        guard case .subscribed = phase else { return (.wait, probeInterval) }
        let lostAt = probeReturnedAt + probeTimeout
        if now >= lostAt { return (.lost, .zero) }
        let due = probeSentAt.map { $0 + probeInterval } ?? now
        if now < due { return (.wait, min(due, lostAt) - now) }
        probeSentAt = now
        return (.send, min(probeInterval, lostAt - now))
    }

    package mutating func stop() {
        phase = .stopped
    }
}
