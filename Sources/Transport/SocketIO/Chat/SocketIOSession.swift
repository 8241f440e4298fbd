package import Actors
package import NIOCore

/// A client of Socket.IO in the main namespace: a session of the same kind as every other, spoken with in events.
package final class SocketIOSession: SocketIOSocket, @unchecked Sendable {
    // Unchecked, as it is confined to its connection's event loop: `SessionOutbound` promises that the session is there too.

    /// Makes the actor of a new connection; called on the connection's event loop.
    package typealias MakeSession =
        @Sendable (ConnectionID, any SessionExecutor, any SessionOutbound, ConnectionOpening) -> any ConnectionSession

    /// How far the client has come.
    enum Phase: Hashable {
        case joining(SocketIOJoining.Recovery?)
        /// What was missed is on its way; CONNECT is answered after it, as Socket.IO's own server does.
        case recovering(SocketIOJoining.Recovery, Principal)
        /// The offset is of no use: the session begins without it.
        case beginning(Principal)
        case joined
        case ended

        /// Whether the client was let in, or has left.
        var isDecided: Bool {
            switch self {
            case .joined, .ended: true
            case .joining, .recovering, .beginning: false
            }
        }
    }

    /// Given with the `SYNC` that recovery makes; a client's acknowledgements are digits.
    static let recoveryRef = "recovery"

    let link: SocketIOLink
    let connectionID: ConnectionID
    let adapter: SocketIOAdapter?
    private let makeSession: MakeSession
    private(set) var session: (any ConnectionSession)?
    var phase = Phase.joining(nil)
    /// Nil until the client is in.
    var offset: LiveOffset?
    /// What other instances do with the client; nil until it is in, and where there are none.
    var reach: AdapterReach?
    var pace = OffsetPace()
    /// News for a client that isn't in yet: its library would keep what comes before for later, even for another connection.
    var early = EarlyNews()
    /// What this connection has sent without asking for an acknowledgement.
    var unanswered = UnansweredSends()
    /// Of a part of a `SYNC` that is being taken, until it is answered.
    var partRef: String?

    /// - Parameters:
    ///   - link: the way to the client.
    ///   - connectionID: of the connection that this one is for others.
    ///   - adapter: through which other instances of Socket.IO reach the client; nil where there are none.
    package init(link: SocketIOLink, connectionID: ConnectionID, adapter: SocketIOAdapter? = nil, makeSession: @escaping MakeSession) {
        self.link = link
        self.connectionID = connectionID
        self.adapter = adapter
        self.makeSession = makeSession
    }

    package func connect(_ payload: ByteBuffer) {
        let handshake = link.connection.handshake
        let joining = SocketIOJoining(payload, handshake: handshake)
        guard let token = joining.token else {
            phase = .ended
            return link.refuse(RequestError(.unauthenticated, "Log in first: no token in auth, the Authorization header or the cookie."))
        }
        phase = .joining(joining.recovery)
        let opening = ConnectionOpening(principal: nil, peer: handshake.peer, resumes: joining.recovery != nil)
        let session = makeSession(connectionID, link.connection.executor, self, opening)
        self.session = session
        session.assumeIsolated { session in
            session.start()
            session.receive(ClientFrame(ref: nil, command: .success(.authenticate(token: token))))
        }
    }

    package func receive(_ event: SocketIOJSON.Event, _ packet: SocketIOPacket) {
        var frame = SocketIOCommand.decode(event, ref: packet.ackID, makeID: SecretID.make)
        if case .success(.typing) = frame.command, let id = frame.ref {
            // Nothing answers it, and whoever asks for an acknowledgement waits for one.
            frame.ref = nil
            acknowledge(.ack(ref: nil, message: nil, isDuplicate: false), id: id)
        }
        if case .success(.sync(let part)) = frame.command, part.hasMore { partRef = frame.ref }
        let command = frame
        session?.assumeIsolated { $0.receive(command) }
        guard let id = partRef else { return }
        // Only the last part of a SYNC is answered, and one that is refused, which is known by now.
        partRef = nil
        if phase == .joined { acknowledge(.ack(ref: nil, message: nil, isDuplicate: false), id: id) }
    }

    package func tick() {
        // The heartbeat is Engine.IO's: a connection that is there lives.
        session?.assumeIsolated { session in
            session.noteActivity()
            session.tick()
        }
    }

    package func disconnected() {
        phase = .ended
        withdraw()
        let session = self.session
        self.session = nil
        session?.assumeIsolated { $0.connectionClosed() }
    }

    func acknowledge(_ event: Event, id: String) {
        _ = link.send(SocketIOEventEncoder.acknowledgement(event, id: id), isEssential: true)
    }

    /// Something came that the offset tells of.
    func offsetChanged(at now: NIODeadline = .now()) {
        if case .joined = phase { carryOut(pace.changed(now: now)) }
    }

    private func carryOut(_ action: OffsetPace.Action) {
        switch action {
        case .tell:
            tellOffset(isEssential: false)
        case .wait(let time):
            let loop = link.connection.eventLoop
            loop.scheduleTask(deadline: time) {
                if self.phase == .joined { self.carryOut(self.pace.timePassed(now: loop.now)) }
            }
        case .none:
            break
        }
    }

    /// - Parameter isEssential: false where it may be left out for now, as the client has a lower one.
    @discardableResult
    func tellOffset(isEssential: Bool) -> OutboundAdmission {
        guard let current = offset?.current else { return .skipped }
        let frame = SocketIOEventEncoder.offset(current)
        let admission = link.send(frame, isEssential: isEssential)
        switch admission {
        case .accepted: pace.told(bytes: frame.readableBytes, now: .now())
        case .skipped: carryOut(pace.leftOut(now: .now()))
        case .overflow: break
        }
        return admission
    }

    /// Asks for what the client missed; a turn later, as the session is about to say more.
    func sync(from offset: SyncOffset?) {
        let command = SyncCommand(cursors: offset?.cursors ?? [:], stamp: offset?.stamp, hasMore: false)
        link.connection.executor.execute {
            self.session?.assumeIsolated { $0.receive(ClientFrame(ref: Self.recoveryRef, command: .success(.sync(command)))) }
        }
    }
}
