/// An order to end sessions, already true in the store when it is given.
package enum Kick: Hashable, Sendable {
    /// The account is suspended; ends every session of an epoch below `authEpoch`.
    case ban(UserID, authEpoch: Int64)
    /// Ends every session of an epoch below `authEpoch`.
    case revokeAll(UserID, authEpoch: Int64)
    case revokeOne(UserID, SessionID)

    package var userID: UserID {
        switch self {
        case .ban(let user, _), .revokeAll(let user, _), .revokeOne(let user, _): user
        }
    }

    /// Why `session` ends by this order; nil where the order doesn't mean it.
    package func reason(forSession session: SessionID, authEpoch epoch: Int64) -> EndReason? {
        switch self {
        case .ban(_, let authEpoch): epoch < authEpoch ? .suspended : nil
        case .revokeAll(_, let authEpoch): epoch < authEpoch ? .removed : nil
        case .revokeOne(_, let target): session == target ? .revoked : nil
        }
    }
}

/// Why a session's connection ends by the server's will.
package enum EndReason: Hashable, Sendable, CaseIterable {
    /// Banned: `ERROR` first, then 4003.
    case suspended
    /// All sessions revoked: 1000 `Removed`.
    case removed
    /// This session revoked or logged out: 1000 `Session revoked`.
    case revoked
    case unauthenticated
    case tokenExpired
    case slowConsumer
    case rateLimited
    case tooManyBadFrames
    /// No `SYNC` came in time on a connection that was opened to bring one.
    case syncExpected
    case goingAway
    case serviceRestart
    /// Silent for two and a half heartbeats.
    case heartbeatTimeout
    case internalError

    /// The WebSocket close code (RFC 6455, section 7.4, and the private range 4000–4999).
    package var closeCode: UInt16 {
        switch self {
        case .suspended: 4003
        case .removed, .revoked: 1000
        case .unauthenticated, .tokenExpired: 4001
        case .slowConsumer: 4008
        case .rateLimited: 4029
        case .tooManyBadFrames, .syncExpected: 1008
        case .goingAway, .heartbeatTimeout: 1001
        case .serviceRestart: 1012
        case .internalError: 1011
        }
    }

    /// The text of the close frame.
    package var closeText: String {
        switch self {
        case .suspended: "ACCOUNT_SUSPENDED"
        case .removed: "Removed"
        case .revoked: "Session revoked"
        case .unauthenticated: "UNAUTHENTICATED"
        case .tokenExpired: "TOKEN_EXPIRED"
        case .slowConsumer: "SLOW_CONSUMER"
        case .rateLimited: "RATE_LIMITED"
        case .tooManyBadFrames: "BAD_FRAMES"
        case .syncExpected: "SYNC_EXPECTED"
        case .goingAway: "GOING_AWAY"
        case .serviceRestart: "SERVICE_RESTART"
        case .heartbeatTimeout: "HEARTBEAT_TIMEOUT"
        case .internalError: "INTERNAL"
        }
    }

    /// Whether what waits for the client is dropped, so that the close can't queue behind it.
    package var jumpsQueue: Bool {
        switch self {
        case .suspended, .removed, .revoked, .slowConsumer, .rateLimited, .serviceRestart, .heartbeatTimeout: true
        case .unauthenticated, .tokenExpired, .tooManyBadFrames, .syncExpected, .goingAway, .internalError: false
        }
    }
}
