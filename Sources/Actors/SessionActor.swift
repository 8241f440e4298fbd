import Logging

/// One connection: who it belongs to, what it may ask for, what is written to it.
///
/// It runs on its connection's event loop. The transport calls it there through `assumeIsolated`, without a hop; what it
/// sends through `outbound` is a write on the same loop.
package actor SessionActor {
    package nonisolated let connectionID: ConnectionID
    package nonisolated let executor: any SessionExecutor
    let outbound: any SessionOutbound
    let environment: SessionEnvironment
    private let peer: PeerInfo
    /// Whether the client brings a `SYNC`, and nothing is delivered before it.
    let resumes: Bool

    var state: SessionState
    private var limiter: RateLimiter
    private let openedAt: Duration
    /// When it was noted last that the log-in is in use.
    private var useNotedAt: Duration
    private var useNote: Task<Void, Never>?
    private var badFrames = SlidingCounter(limit: 20, window: .seconds(60))
    var principal: Principal?
    /// The user's actor, while the session is registered.
    var user: UserActor?
    private(set) var joining: Task<Void, Never>?
    private var departure: Task<Void, Never>?
    var commands = CommandQueue()
    var worker: Task<Void, Never>?
    var ownSends = OwnSends()
    /// Whether it was counted as opened.
    private(set) var wasCounted = false
    var presence = SessionPresence()
    var syncParts = SyncParts()
    var catchUp = CatchUp()
    var catchUpTask: Task<Void, Never>?

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - executor: runs this actor; must outlive it.
    ///   - principal: whose connection it is; nil where the first frame must bring a token.
    ///   - resumes: whether nothing is delivered before the client's first `SYNC`.
    package init(
        connectionID: ConnectionID,
        executor: any SessionExecutor,
        outbound: any SessionOutbound,
        principal: Principal?,
        peer: PeerInfo,
        resumes: Bool = false,
        environment: SessionEnvironment
    ) {
        self.connectionID = connectionID
        self.executor = executor
        self.outbound = outbound
        self.peer = peer
        self.resumes = resumes
        self.environment = environment
        let now = environment.time.uptime()
        openedAt = now
        useNotedAt = now
        state = SessionState(
            principal: principal,
            heartbeat: environment.limits.heartbeat,
            tokenTimeout: environment.limits.tokenTimeout,
            now: now
        )
        limiter = RateLimiter(rate: environment.limits.rateLimit, now: now)
    }
}

extension SessionActor {
    /// Begins the session's life; called once, when frames can be written.
    package func start() {
        guard case .joining(let principal) = state.phase else { return }
        beginJoining { await self.join(principal, ref: nil) }
    }

    /// Runs `steps`, at whose end the session is live or has ended.
    func beginJoining(_ steps: @escaping () async -> Void) {
        joining = Task {
            await steps()
            // A task that has ended keeps its stack for as long as it is held: some kilobytes of each idle connection.
            self.joining = nil
        }
    }

    /// Takes one message of the client.
    package func receive(_ frame: ClientFrame) {
        guard !state.isClosed else { return }
        let now = environment.time.uptime()
        state.noteActivity(at: now)
        switch limiter.admit(at: now) {
        case .admit:
            break
        case .refuse(let delay):
            environment.metrics.sessions.noteLimitedFrame()
            let error = RequestError(.rateLimited, "Too many frames; slow down.", retryAfter: delay)
            return turnDown(frame.ref, syncHasMore: frame.syncHasMore, error)
        case .close:
            environment.metrics.sessions.noteLimitedConnection()
            environment.logger.notice("rate_limited", metadata: logIDs)
            end(.rateLimited)
            return
        }
        noteUse(at: now)
        switch frame.command {
        case .success(let command) where state.livePrincipal != nil && environment.registry.freshness.isStale && command.needsStore:
            let error = RequestError(StoreError(.unavailable, "what was banned is not known"))
            turnDown(frame.ref, syncHasMore: command.syncHasMore, error)
        case .success(let command): perform(command, ref: frame.ref)
        case .failure(let error): refuse(error, ref: frame.ref, syncHasMore: frame.syncHasMore)
        }
    }

    /// Notes now and then that the log-in is in use.
    private func noteUse(at now: Duration) {
        guard now - useNotedAt >= SessionUses.interval, useNote == nil, let principal = state.livePrincipal else { return }
        useNotedAt = now
        useNote = Task {
            await self.environment.gate.noteUse(of: principal.sessionID, of: principal.userID)
            self.useNote = nil
        }
    }

    /// The client gave a sign of life other than a message.
    package func noteActivity() {
        state.noteActivity(at: environment.time.uptime())
    }

    /// Looks at the time; called about once a second.
    package func tick() {
        let now = environment.time.uptime()
        writeHeld()
        if !environment.registry.freshness.isStale { write(ownSends.overdue(at: now)) }
        switch state.tick(now: now, wallClock: environment.time.now(), isAnswering: worker != nil) {
        case .none: break
        case .ping: outbound.ping()
        case .end(let reason): end(reason)
        }
    }

    /// The socket is gone; called once.
    package func connectionClosed() {
        if state.close() { release(because: nil) }
    }
}

extension SessionActor {
    /// Writes an event that others share, unless it is a message whose `ACK` was written to this connection: of that only what was changed
    /// since is told.
    package func deliver(_ event: SharedEvent) {
        guard state.isLive else { return }
        deliver(event, ownSends.judge(event, of: principal?.userID))
    }

    /// Writes a message that the connection lacked, as `deliver`, but never waits for an answer: a `SYNCED` may follow that counts on it.
    package func bring(_ event: SharedEvent) {
        guard state.isLive else { return }
        switch ownSends.judge(event, of: principal?.userID) {
        case .hold:
            write(ownSends.takeAll())
            admit(outbound.send(event))
        case let verdict:
            deliver(event, verdict)
        }
    }

    private func deliver(_ event: SharedEvent, _ verdict: OwnSends.Verdict) {
        switch verdict {
        case .write: admit(outbound.send(event))
        case .skip: outbound.passed(event)
        case .update:
            outbound.passed(event)
            if case .messageReceived(let message, _, _) = event.event { send(.messageUpdated(message, showsClientMessageID: true)) }
        case .hold: write(ownSends.hold(event, at: environment.time.uptime()))
        }
    }

    private func write(_ events: [SharedEvent]) {
        for event in events where !state.isClosed { admit(outbound.send(event)) }
    }

    /// A send is answered: with the message that the `ACK` has named, or an error or nothing where it is nil.
    func noteAnswered(_ id: ClientMessageID, with message: Message?) {
        ownSends.answered(id, with: message)
        writeHeld()
    }

    /// Writes what was held and need not be any more. Not while it isn't known who is banned: the process may have stood still since it came.
    private func writeHeld() {
        guard !environment.registry.freshness.isStale else { return }
        for (event, verdict) in ownSends.release(of: principal?.userID) where state.isLive { deliver(event, verdict) }
    }

    /// Writes the answer to a command of this session.
    package func answer(_ event: Event) {
        send(event)
    }

    /// Ends the session by the server's will.
    ///
    /// - Returns: false where it had ended already.
    @discardableResult
    package func end(_ reason: EndReason) -> Bool {
        end(reason, farewell: reason.farewell())
    }

    /// Tells the client to reconnect after `delay`, and works on until then. Nothing happens where it was told.
    package func goAway(after delay: Duration) {
        guard state.drain(until: environment.time.uptime() + delay), state.isLive else { return }
        send(.goAway(reason: "drain", reconnectAfter: delay))
    }

    /// Counts the session as one that was welcomed.
    func count() {
        wasCounted = true
        environment.metrics.sessions.noteOpened()
    }
}

extension SessionActor {
    /// - Returns: whether it was written.
    @discardableResult
    func send(_ event: Event) -> Bool {
        guard !state.isClosed else { return false }
        let admission = outbound.send(event)
        admit(admission)
        return admission == .accepted
    }

    func admit(_ admission: OutboundAdmission) {
        guard admission == .overflow else { return }
        environment.metrics.sessions.noteSlowConsumer()
        environment.logger.notice("slow_consumer", metadata: logIDs)
        end(.slowConsumer)
    }

    @discardableResult
    func end(_ reason: EndReason, farewell: Event?) -> Bool {
        guard state.close() else { return false }
        outbound.close(reason, after: farewell)
        release(because: reason)
        return true
    }

    /// Forgets what the session holds and takes it off the registry.
    ///
    /// - Parameter reason: nil where the socket was gone first.
    private func release(because reason: EndReason?) {
        commands.removeAll()
        ownSends = OwnSends()
        catchUp = CatchUp()
        catchUpTask?.cancel()
        guard user != nil, let principal else { return }
        user = nil
        presenceClosed(principal)
        if wasCounted { environment.metrics.sessions.noteClosed(reason) }
        environment.activity.connectionEnded(after: environment.time.uptime() - openedAt)
        var metadata = logIDs
        metadata["reason"] = .string(reason?.closeText ?? "connection closed")
        environment.logger.info("DISCONNECT", metadata: metadata)
        departure = Task { await self.environment.registry.leave(self.connectionID, of: principal.userID) }
    }

    /// Answers a command that is not carried out for now; it counts as no bad frame.
    ///
    /// - Parameter syncHasMore: of a part of a `SYNC`, whether further parts follow.
    func turnDown(_ ref: String?, syncHasMore: Bool?, _ error: RequestError) {
        send(.error(ref: ref, error))
        if let syncHasMore { refusedSync(hasMore: syncHasMore) }
    }

    /// Answers a frame that breaks the rules.
    ///
    /// - Parameter syncHasMore: as in `turnDown`.
    func refuse(_ error: RequestError, ref: String?, syncHasMore: Bool? = nil) {
        environment.metrics.sessions.noteBadFrame()
        turnDown(ref, syncHasMore: syncHasMore, error)
        if badFrames.exceeds(at: environment.time.uptime()) { end(.tooManyBadFrames) }
    }

    var logIDs: Logger.Metadata {
        var metadata: Logger.Metadata = ["connectionId": .stringConvertible(connectionID.value)]
        if let principal {
            metadata["userId"] = "\(principal.userID)"
            metadata["sessionId"] = "\(principal.sessionID)"
        }
        return metadata
    }
}

extension EndReason {
    /// How a connection ends whose token was refused.
    init(_ error: RequestError) {
        switch error.code {
        case .accountSuspended: self = .suspended
        case .tokenExpired: self = .tokenExpired
        case .storeUnavailable, .internalError: self = .internalError
        default: self = .unauthenticated
        }
    }

    /// The event that explains the close to the client; nil where the close says it all.
    ///
    /// - Parameter ref: of the command that it answers.
    func farewell(ref: String? = nil) -> Event? {
        switch self {
        case .suspended: .error(ref: ref, .suspended)
        case .rateLimited: .error(ref: ref, RequestError(.rateLimited, "The connection kept sending too much."))
        case .unauthenticated, .tokenExpired: .error(ref: ref, RequestError(self))
        case .removed, .revoked, .slowConsumer, .tooManyBadFrames, .syncExpected, .goingAway, .serviceRestart, .heartbeatTimeout,
            .internalError:
            nil
        }
    }
}
