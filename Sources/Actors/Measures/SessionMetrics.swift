import Metrics

/// Connections, and what the rules refuse them.
package struct SessionMetrics: Sendable {
    private let opened: Counter
    private let closedByClient: Counter
    private let closed: [EndReason: Counter]
    private let slowConsumers: Counter
    private let limitedFrames: Counter
    private let limitedConnections: Counter
    private let limitedLogIns: Counter
    private let badFrames: Counter
    private let wrongPasswords: Counter
    private let refusedTokens: [RequestError.Code: Counter]

    init(_ factory: any MetricsFactory) {
        func closing(_ reason: String) -> Counter {
            Counter(label: "switchboard_connections_closed_total", dimensions: [("reason", reason)], factory: factory)
        }
        func limiting(_ what: String) -> Counter {
            Counter(label: "switchboard_rate_limited_total", dimensions: [("what", what)], factory: factory)
        }
        func failing(_ reason: String) -> Counter {
            Counter(label: "switchboard_auth_failures_total", dimensions: [("reason", reason)], factory: factory)
        }
        opened = Counter(label: "switchboard_connections_opened_total", factory: factory)
        closedByClient = closing("client")
        closed = Dictionary(uniqueKeysWithValues: EndReason.allCases.map { ($0, closing($0.label)) })
        slowConsumers = Counter(label: "switchboard_slow_consumers_total", factory: factory)
        limitedFrames = limiting("frame")
        limitedConnections = limiting("connection")
        limitedLogIns = limiting("log_in")
        badFrames = Counter(label: "switchboard_bad_frames_total", factory: factory)
        wrongPasswords = failing("password")
        refusedTokens = [
            .unauthenticated: failing("token"), .tokenExpired: failing("expired"), .accountSuspended: failing("suspended"),
        ]
    }

    func noteOpened() { opened.increment() }

    /// - Parameter reason: nil where the client, or the network, ended it.
    func noteClosed(_ reason: EndReason?) {
        let counter = reason.map { closed[$0] } ?? closedByClient
        counter?.increment()
    }

    func noteSlowConsumer() { slowConsumers.increment() }
    func noteLimitedFrame() { limitedFrames.increment() }
    func noteLimitedConnection() { limitedConnections.increment() }
    func noteLimitedLogIn() { limitedLogIns.increment() }
    func noteBadFrame() { badFrames.increment() }
    func noteWrongPassword() { wrongPasswords.increment() }

    /// A token, or the session that it names, was refused. What the store's absence refused is no failure of the client.
    func noteRefusedToken(_ error: RequestError) { refusedTokens[error.code]?.increment() }
}

extension EndReason {
    /// As metrics name it.
    fileprivate var label: String {
        switch self {
        case .suspended: "suspended"
        case .removed: "removed"
        case .revoked: "revoked"
        case .unauthenticated: "unauthenticated"
        case .tokenExpired: "token_expired"
        case .slowConsumer: "slow_consumer"
        case .rateLimited: "rate_limited"
        case .tooManyBadFrames: "bad_frames"
        case .syncExpected: "sync_expected"
        case .goingAway: "going_away"
        case .serviceRestart: "service_restart"
        case .heartbeatTimeout: "heartbeat_timeout"
        case .internalError: "internal_error"
        }
    }
}
