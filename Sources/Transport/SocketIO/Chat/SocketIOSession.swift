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
    private var pace = OffsetPace()

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
        var ref = packet.ackID
        let frame = SocketIOCommand.decode(event, ref: ref, makeID: SecretID.make)
        if case .success(.typing) = frame.command, let id = ref {
            // Nothing answers it, and whoever asks for an acknowledgement waits for one.
            ref = nil
            acknowledge(.ack(ref: nil, message: nil, isDuplicate: false), id: id)
        }
        let command = ClientFrame(ref: ref, command: frame.command)
        session?.assumeIsolated { $0.receive(command) }
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
            tellOffset()
        case .wait(let time):
            link.connection.eventLoop.scheduleTask(deadline: time) {
                if self.phase == .joined { self.carryOut(self.pace.timePassed(now: .now())) }
            }
        case .none:
            break
        }
    }

    private func tellOffset() {
        guard let current = offset?.current else { return }
        let frame = SocketIOEventEncoder.offset(current)
        // Where it is left out, the client has a lower one and is told more with the next change.
        _ = link.send(frame, isEssential: false)
        pace.told(bytes: frame.readableBytes, now: .now())
    }

    /// Asks for what the client missed; a turn later, as the session is about to say more.
    func sync(from offset: SyncOffset?) {
        let command = SyncCommand(cursors: offset?.cursors ?? [:], stamp: offset?.stamp, hasMore: false)
        link.connection.executor.execute {
            self.session?.assumeIsolated { $0.receive(ClientFrame(ref: Self.recoveryRef, command: .success(.sync(command)))) }
        }
    }
}
