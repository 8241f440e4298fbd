import DequeModule
import Logging

/// One connection: who it belongs to, what it may ask for, what is written to it.
///
/// It runs on its connection's event loop. The transport calls it there through `assumeIsolated`, without a hop; what it
/// sends through `outbound` is a write on the same loop.
package actor SessionActor {
    package nonisolated let connectionID: ConnectionID
    package nonisolated let executor: any SessionExecutor
    private let outbound: any SessionOutbound
    private let environment: SessionEnvironment
    private let peer: PeerInfo

    private var state: SessionState
    private var limiter: RateLimiter
    private var badFrames = WindowCounter(limit: 20, window: .seconds(60))
    private var principal: Principal?
    private var isRegistered = false
    private var waiting: Deque<PendingCommand> = []
    private var worker: Task<Void, Never>?
    private var departure: Task<Void, Never>?
    /// Sends that have no answer yet.
    private var inFlight: Set<ClientMessageID> = []
    /// The latest messages whose `ACK` was written.
    private var acked: Deque<MessageID> = []
    private static let ackedLimit = 1_024
    /// What was delivered between registration and `WELCOME`.
    private var held: [SharedEvent] = []

    private struct PendingCommand {
        let ref: String?
        let command: SendCommand
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - executor: runs this actor; must outlive it.
    ///   - principal: whose connection it is; nil where the first frame must bring a token.
    package init(
        connectionID: ConnectionID,
        executor: any SessionExecutor,
        outbound: any SessionOutbound,
        principal: Principal?,
        peer: PeerInfo,
        environment: SessionEnvironment
    ) {
        self.connectionID = connectionID
        self.executor = executor
        self.outbound = outbound
        self.peer = peer
        self.environment = environment
        let now = environment.time.uptime()
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
        worker = Task { await self.join(principal) }
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
            send(.error(ref: frame.ref, RequestError(.rateLimited, "Too many frames; slow down.", retryAfter: delay)))
            return
        case .close:
            environment.logger.notice("rate_limited", metadata: logIDs)
            end(.rateLimited)
            return
        }
        switch frame.command {
        case .success(let command): perform(command, ref: frame.ref)
        case .failure(let error): refuse(error, ref: frame.ref)
        }
    }

    /// The client gave a sign of life other than a message.
    package func noteActivity() {
        state.noteActivity(at: environment.time.uptime())
    }

    /// Looks at the time; called about once a second.
    package func tick() {
        switch state.tick(now: environment.time.uptime(), wallClock: environment.time.now()) {
        case .none: break
        case .ping: outbound.ping()
        case .end(let reason): end(reason)
        }
    }

    /// The socket is gone; called once.
    package func connectionClosed() {
        if state.close() { release(reason: "connection closed") }
    }
}

extension SessionActor {
    /// Writes a message, unless this connection sent it: then its `ACK` brings it.
    package func deliver(_ event: SharedEvent, origin: ConnectionID?) {
        guard origin != connectionID, !isOwn(event) else { return }
        switch state.phase {
        case .live:
            admit(outbound.send(event))
        case .joining:
            held.append(event)
            if held.count > environment.limits.heldEvents { end(.serviceRestart) }
        case .awaitingToken, .authenticating, .closed:
            break
        }
    }

    /// Ends the session by the server's will.
    ///
    /// - Returns: false where it had ended already.
    @discardableResult
    package func end(_ reason: EndReason) -> Bool {
        end(reason, farewell: reason.farewell)
    }

    /// Tells the client to reconnect after `delay`, and works on until then.
    package func goAway(after delay: Duration) {
        guard !state.isClosed else { return }
        state.drain(until: environment.time.uptime() + delay)
        send(.goAway(reason: "drain", reconnectAfter: delay))
    }
}

extension SessionActor {
    private func authenticate(_ token: String) async {
        do {
            let principal = try await environment.gate.principal(forToken: token)
            guard state.beginJoining(principal) else { return }
            await join(principal)
        } catch {
            end(EndReason(error), farewell: .error(ref: nil, error))
        }
    }

    /// Registers, and only then asks the store whether the session is valid: a ban that ran meanwhile has either seen the
    /// registration or is seen here.
    private func join(_ principal: Principal) async {
        self.principal = principal
        let user = await environment.registry.join(self, as: principal)
        guard !state.isClosed else {
            await environment.registry.leave(connectionID, of: principal.userID)
            return
        }
        isRegistered = true
        do {
            let record = try await environment.gate.confirm(principal)
            await user.start(at: record.stamp)
            welcome(Principal(record), stamp: record.stamp)
        } catch {
            switch error {
            case .ended(let reason): end(reason)
            case .unavailable(let error): end(.internalError, farewell: .error(ref: nil, error))
            }
        }
    }

    private func welcome(_ principal: Principal, stamp: Stamp) {
        guard state.goLive(principal) else { return }
        let welcome = Welcome(
            principal: principal,
            instanceID: environment.instanceID,
            heartbeat: environment.limits.heartbeat,
            maxFrameBytes: environment.limits.maxFrameBytes,
            serverTime: environment.time.now(),
            stamp: stamp
        )
        environment.logger.info("CONNECT", metadata: logIDs)
        send(.welcome(welcome))
        let held = self.held
        self.held = []
        for event in held { admit(outbound.send(event)) }
        worker = nil
        work()
    }
}

extension SessionActor {
    private func perform(_ command: Command, ref: String?) {
        switch (command, state.phase) {
        case (.authenticate(let token), .awaitingToken):
            guard state.beginAuthentication() else { return }
            worker = Task { await self.authenticate(token) }
        case (.authenticate, _):
            refuse(RequestError(.badRequest, "AUTH is allowed only once, as the first frame of a connection without a token."), ref: ref)
        case (_, .awaitingToken):
            send(.error(ref: ref, RequestError(.unauthenticated, "The first frame must be AUTH with a token.")))
            end(.unauthenticated)
        case (.conversation, _), (.typing, _), (.presence, _), (.sync, _):
            refuse(RequestError(.unknownType, "This type is not served yet."), ref: ref)
        case (.ping, _):
            send(.pong(ref: ref, serverTime: environment.time.now()))
        case (.send(let command), _):
            guard waiting.count < environment.limits.waitingCommands else {
                let error = RequestError(.rateLimited, "Too many commands wait for their answer.", retryAfter: .seconds(1))
                send(.error(ref: ref, error))
                return
            }
            waiting.append(PendingCommand(ref: ref, command: command))
            inFlight.insert(command.clientMessageID)
            work()
        }
    }

    private func refuse(_ error: RequestError, ref: String?) {
        send(.error(ref: ref, error))
        if badFrames.exceeds(at: environment.time.uptime()) { end(.tooManyBadFrames) }
    }

    /// Sends run one after another, so that a client's messages keep their order; those that wait for the same
    /// conversation go together.
    private func work() {
        guard worker == nil, !waiting.isEmpty, let principal = state.livePrincipal else { return }
        worker = Task {
            while let batch = self.nextBatch() {
                let commands = batch.map(\.command)
                let answers = await self.environment.messaging.send(commands, from: principal, origin: self.connectionID)
                self.answer(batch, with: answers)
            }
            self.worker = nil
        }
    }

    /// Whether this connection sent the message and has its `ACK` or will have it. A fill from the store, which doesn't know where a
    /// message came from, may bring it before its own delivery does.
    private func isOwn(_ event: SharedEvent) -> Bool {
        guard case .messageReceived(let message, _, _) = event.event, message.senderID == principal?.userID else { return false }
        return inFlight.contains(message.clientMessageID) || acked.contains(message.messageID)
    }

    private func nextBatch() -> [PendingCommand]? {
        guard !state.isClosed, let first = waiting.first else { return nil }
        let batch = Array(waiting.prefix { $0.command.destination == first.command.destination })
        waiting.removeFirst(batch.count)
        return batch
    }

    private func answer(_ batch: [PendingCommand], with answers: [Result<SendReceipt, RequestError>]) {
        for (pending, answer) in zip(batch, answers) {
            inFlight.remove(pending.command.clientMessageID)
            switch answer {
            case .success(let receipt):
                acked.append(receipt.message.messageID)
                if acked.count > Self.ackedLimit { acked.removeFirst() }
                send(.ack(ref: pending.ref, message: receipt.message, isDuplicate: receipt.isDuplicate))
            case .failure(let error):
                send(.error(ref: pending.ref, error))
            }
        }
    }
}

extension SessionActor {
    private func send(_ event: Event) {
        guard !state.isClosed else { return }
        admit(outbound.send(event))
    }

    private func admit(_ admission: OutboundAdmission) {
        guard admission == .overflow else { return }
        environment.logger.notice("slow_consumer", metadata: logIDs)
        end(.slowConsumer)
    }

    @discardableResult
    private func end(_ reason: EndReason, farewell: Event?) -> Bool {
        guard state.close() else { return false }
        outbound.close(reason, after: farewell)
        release(reason: reason.closeText)
        return true
    }

    /// Forgets what the session holds and takes it off the registry.
    private func release(reason: String) {
        waiting.removeAll()
        inFlight.removeAll()
        acked.removeAll()
        held.removeAll()
        guard isRegistered, let principal else { return }
        isRegistered = false
        var metadata = logIDs
        metadata["reason"] = .string(reason)
        environment.logger.info("DISCONNECT", metadata: metadata)
        departure = Task { await self.environment.registry.leave(self.connectionID, of: principal.userID) }
    }

    private var logIDs: Logger.Metadata {
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
    fileprivate init(_ error: RequestError) {
        switch error.code {
        case .accountSuspended: self = .suspended
        case .tokenExpired: self = .tokenExpired
        case .storeUnavailable, .internalError: self = .internalError
        default: self = .unauthenticated
        }
    }

    /// The event that explains the close to the client; nil where the close says it all.
    fileprivate var farewell: Event? {
        switch self {
        case .suspended: .error(ref: nil, .suspended)
        case .rateLimited: .error(ref: nil, RequestError(.rateLimited, "The connection kept sending too much."))
        case .unauthenticated, .tokenExpired: .error(ref: nil, RequestError(self))
        case .removed, .revoked, .slowConsumer, .tooManyBadFrames, .goingAway, .serviceRestart, .heartbeatTimeout, .internalError: nil
        }
    }
}
