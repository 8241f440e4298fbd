/// The life of one connection as a value: who it belongs to, whether it is alive, when it must end.
///
/// Deadlines are uptimes; the holder calls `tick` about once a second.
package struct SessionState: Sendable {
    /// How far the connection has come.
    package enum Phase: Hashable, Sendable {
        /// Connected without a token: the first frame must bring one.
        case awaitingToken(until: Duration)
        /// The token of a first frame is being checked.
        case authenticating
        /// Known, and about to be registered and checked once more.
        case joining(Principal)
        case live(Principal)
        case closed
    }

    /// What the passing of time asks for.
    package enum TickAction: Hashable, Sendable {
        case none
        case ping
        case end(EndReason)
    }

    package private(set) var phase: Phase
    private let heartbeat: Duration
    private var lastActivity: Duration
    private var lastPing: Duration
    private var drainsAt: Duration?
    /// How much longer one that drains lives where a command is being carried out: an answer to come.
    private static let lastAnswer = Duration.seconds(1)
    /// Whether nothing is delivered, as the client has not brought its `SYNC` yet, or it is not answered.
    package private(set) var awaitsSync = false
    /// Until when the client has to have brought its `SYNC`; nil also while one is being answered.
    private var syncDeadline: Duration?
    /// How many `SYNC`s came, be it before the session went live, and are not answered yet.
    private var syncsUnderWay = 0

    package init(principal: Principal?, heartbeat: Duration, tokenTimeout: Duration, now: Duration) {
        if let principal {
            phase = .joining(principal)
        } else {
            phase = .awaitingToken(until: now + tokenTimeout)
        }
        self.heartbeat = heartbeat
        lastActivity = now
        lastPing = now
    }

    package var isClosed: Bool { phase == .closed }

    package var isLive: Bool {
        guard case .live = phase else { return false }
        return true
    }

    package var livePrincipal: Principal? {
        guard case .live(let principal) = phase else { return nil }
        return principal
    }

    /// A token came in the first frame; false where none is expected.
    package mutating func beginAuthentication() -> Bool {
        guard case .awaitingToken = phase else { return false }
        phase = .authenticating
        return true
    }

    /// The token was good; false where the connection has ended meanwhile.
    package mutating func beginJoining(_ principal: Principal) -> Bool {
        guard phase == .authenticating else { return false }
        phase = .joining(principal)
        return true
    }

    /// Registered and found valid after that; false where the connection has ended meanwhile.
    ///
    /// - Parameter syncDeadline: until when the client has to have brought its `SYNC`; nil where it brings none.
    package mutating func goLive(_ principal: Principal, syncDeadline: Duration? = nil) -> Bool {
        guard case .joining = phase else { return false }
        phase = .live(principal)
        awaitsSync = syncDeadline != nil
        if syncsUnderWay == 0 { self.syncDeadline = syncDeadline }
        return true
    }

    /// A `SYNC` came and is to be answered, which the store may take its time for: the client has done its part.
    package mutating func syncArrived() {
        syncsUnderWay += 1
        syncDeadline = nil
    }

    /// A part of a `SYNC` came that more follow, or one that was refused: the client has until `deadline` for the next.
    package mutating func expectSync(until deadline: Duration) {
        if awaitsSync, syncsUnderWay == 0 { syncDeadline = deadline }
    }

    /// A `SYNC` that had arrived is answered. Where that was an error the client has until `deadline` for the next.
    package mutating func syncEnded(nextBy deadline: Duration) {
        syncsUnderWay -= 1
        expectSync(until: deadline)
    }

    /// What was held for a `SYNC` is released.
    package mutating func syncAnswered() {
        awaitsSync = false
        syncDeadline = nil
    }

    /// Ends the connection; false where it has ended already.
    package mutating func close() -> Bool {
        guard phase != .closed else { return false }
        phase = .closed
        return true
    }

    /// The client gave a sign of life.
    package mutating func noteActivity(at now: Duration) {
        lastActivity = now
    }

    /// The instance drains: the connection works on until `deadline`; false where it drains already, or has ended.
    package mutating func drain(until deadline: Duration) -> Bool {
        guard phase != .closed, drainsAt == nil else { return false }
        drainsAt = deadline
        return true
    }

    /// How long a connection that drains may work on; nil where it doesn't drain.
    package func timeLeft(at now: Duration) -> Duration? {
        drainsAt.map { max(.zero, $0 - now) }
    }

    /// Whether a connection that drains has come to its end.
    package func isDrained(at now: Duration) -> Bool {
        drainsAt.map { now >= $0 } ?? false
    }

    /// What is due at `now`.
    ///
    /// - Parameter isAnswering: whether a command of the client is being carried out.
    package mutating func tick(now: Duration, wallClock: Timestamp, isAnswering: Bool = false) -> TickAction {
        switch phase {
        case .closed:
            return .none
        case .awaitingToken(let deadline) where now >= deadline:
            return .end(.unauthenticated)
        case .live(let principal) where principal.expiresAt <= wallClock:
            return .end(.tokenExpired)
        case .awaitingToken, .authenticating, .joining, .live:
            break
        }
        if isDrained(at: isAnswering ? now - Self.lastAnswer : now) { return .end(.goingAway) }
        if let syncDeadline, now >= syncDeadline { return .end(.syncExpected) }
        if now - lastActivity > heartbeat * 5 / 2 { return .end(.heartbeatTimeout) }
        guard now - lastPing >= heartbeat else { return .none }
        lastPing = now
        return .ping
    }
}
