package import NIOCore

/// One Engine.IO session as a value: what its two transports may do, its heartbeat and its end.
///
/// Times are uptimes. The holder calls `timePassed` at `nextDeadline`, until it answers `.none`.
package struct EngineIOState: Sendable {
    package enum Transport: Hashable, Sendable {
        case polling
        case webSocket
    }

    private enum Phase: Hashable {
        case open(Transport)
        /// Ended by the server; the next GET is told so.
        case ending(until: Duration)
        case closed
    }

    private enum Heartbeat: Hashable {
        case pingDue(Duration)
        case pongDue(Duration)
    }

    private struct Probe: Hashable {
        let deadline: Duration
        var isAnswered = false
        /// When the GET that is parked is answered with a noop.
        var noopAt: Duration?
    }

    /// For which a GET is parked while the client is changing over: one that asks again and again is to pause.
    private static let upgradePause = Duration.milliseconds(100)

    private let configuration: EngineIOConfiguration
    private var phase: Phase
    private var heartbeat: Heartbeat
    private var probe: Probe?
    private var hasPoll = false
    private var hasPost = false

    package init(transport: Transport, configuration: EngineIOConfiguration, now: Duration) {
        self.configuration = configuration
        phase = .open(transport)
        heartbeat = .pingDue(now + configuration.pingInterval)
    }

    /// Over which packets go; nil where the session has ended.
    package var transport: Transport? {
        if case .open(let transport) = phase { transport } else { nil }
    }

    /// Whether nothing more will come of the session, not even its end.
    package var isClosed: Bool { phase == .closed }
}

// Long polling.
extension EngineIOState {
    /// What a GET leads to.
    package enum PollAction: Hashable, Sendable {
        case park
        /// The client is changing over to WebSocket: park it until `nextDeadline`, which is another now.
        case parkBriefly
        /// Answer with what waits.
        case answer
        /// Two GETs at once: the first is told that the session is closed, this one is refused.
        case closeAndRefuse
        /// The pong is overdue: close, and refuse.
        case timeOutAndRefuse
        /// The server has ended the session: answer with its farewell, and forget it.
        case sayFarewell
        case refuse(EngineIOError)
    }

    /// A GET came.
    ///
    /// - Parameter hasWaiting: whether packets wait for the client.
    package mutating func pollBegan(hasWaiting: Bool, now: Duration) -> PollAction {
        switch phase {
        case .closed:
            return .refuse(.unknownSession)
        case .ending:
            phase = .closed
            return .sayFarewell
        case .open(.webSocket):
            return .refuse(.badRequest)
        case .open(.polling):
            if case .pongDue(let deadline) = heartbeat, deadline <= now {
                phase = .closed
                return .timeOutAndRefuse
            }
            if hasPoll {
                phase = .closed
                return .closeAndRefuse
            }
            if hasWaiting { return .answer }
            hasPoll = true
            guard probe?.isAnswered == true else { return .park }
            probe?.noopAt = now + Self.upgradePause
            return .parkBriefly
        }
    }

    package mutating func pollAnswered() {
        hasPoll = false
        probe?.noopAt = nil
    }

    /// The client cut its GET off.
    ///
    /// - Returns: whether that ends the session.
    package mutating func pollAborted() -> Bool {
        guard hasPoll else { return false }
        hasPoll = false
        guard case .open(.polling) = phase else { return false }
        phase = .closed
        return true
    }

    /// What a POST leads to.
    package enum PostAction: Hashable, Sendable {
        case read
        /// Two POSTs at once.
        case closeAndRefuse
        case refuse(EngineIOError)
    }

    package mutating func postBegan() -> PostAction {
        switch phase {
        case .closed, .ending: return .refuse(.unknownSession)
        case .open(.webSocket): return .refuse(.badRequest)
        case .open(.polling):
            if hasPost {
                phase = .closed
                return .closeAndRefuse
            }
            hasPost = true
            return .read
        }
    }

    /// The body is there, or won't come.
    ///
    /// - Returns: whether it still counts.
    package mutating func postEnded() -> Bool {
        hasPost = false
        // What was sent before the client changed over counts.
        if case .open = phase { return true }
        return false
    }
}

// Packets.
extension EngineIOState {
    package enum PacketAction: Hashable, Sendable {
        case ignore
        /// Hand it on.
        case deliver
        /// The client ends the session.
        case close
    }

    /// A packet came over the session's transport.
    package mutating func received(_ packet: EngineIOPacket, now: Duration) throws(EngineIOViolation) -> PacketAction {
        guard case .open = phase else { return .ignore }
        switch packet.kind {
        case .message:
            return .deliver
        case .pong:
            heartbeat = .pingDue(now + configuration.pingInterval)
            return .ignore
        case .close:
            phase = .closed
            return .close
        case .ping:
            throw .wrongHeartbeatDirection
        case .open, .upgrade, .noop:
            return .ignore
        }
    }
}

// The change from long polling to WebSocket.
extension EngineIOState {
    /// A WebSocket connection came with the session's id.
    ///
    /// - Returns: false where it is to be closed.
    package mutating func probeArrived(now: Duration) -> Bool {
        guard case .open(.polling) = phase, probe == nil else { return false }
        probe = Probe(deadline: now + configuration.upgradeTimeout)
        return true
    }

    package enum ProbeAction: Hashable, Sendable {
        /// Answer `3probe`; a parked GET gets a noop.
        case answer
        /// From here on packets go over this connection.
        case takeOver
        /// Close this connection alone.
        case abandon
    }

    /// A packet came over the connection that is not the session's transport yet.
    package mutating func receivedOnProbe(_ packet: EngineIOPacket) -> ProbeAction {
        guard case .open(.polling) = phase, let current = probe else { return .abandon }
        switch packet.kind {
        case .ping where !packet.isBinary && !current.isAnswered && packet.payload == Self.probeText:
            probe?.isAnswered = true
            return .answer
        case .upgrade where current.isAnswered:
            probe = nil
            hasPoll = false
            phase = .open(.webSocket)
            return .takeOver
        default:
            probe = nil
            return .abandon
        }
    }

    /// The connection that was to take over has gone.
    package mutating func probeEnded() {
        probe = nil
    }

    package static let probeText = ByteBuffer(string: "probe")
}

// Time, and the end.
extension EngineIOState {
    package enum TimeAction: Hashable, Sendable {
        case none
        case ping
        /// No pong came.
        case timeOut
        case abandonProbe
        /// Answer the parked GET with a noop.
        case answerNoop
        /// Nobody fetched the farewell.
        case forget
    }

    /// When to look at the time again; nil where there is nothing to wait for.
    package var nextDeadline: Duration? {
        switch phase {
        case .closed:
            return nil
        case .ending(let deadline):
            return deadline
        case .open:
            let beat =
                switch heartbeat {
                case .pingDue(let time), .pongDue(let time): time
                }
            return min(beat, probe?.deadline ?? beat, probe?.noopAt ?? beat)
        }
    }

    package mutating func timePassed(now: Duration) -> TimeAction {
        switch phase {
        case .closed:
            return .none
        case .ending(let deadline):
            guard deadline <= now else { return .none }
            phase = .closed
            return .forget
        case .open:
            if let probe, probe.deadline <= now {
                self.probe = nil
                return .abandonProbe
            }
            if let noopAt = probe?.noopAt, noopAt <= now {
                probe?.noopAt = nil
                return .answerNoop
            }
            switch heartbeat {
            case .pingDue(let time) where time <= now:
                // Counted from when it was due; after a pause of this process the client has half of it all the same.
                heartbeat = .pongDue(max(time + configuration.pingTimeout, now + configuration.pingTimeout / 2))
                return .ping
            case .pongDue(let time) where time <= now:
                phase = .closed
                return .timeOut
            case .pingDue, .pongDue:
                return .none
            }
        }
    }

    /// The transport has gone, or what came over it can't be read: nothing can be said any more.
    ///
    /// - Returns: false where the session had ended.
    package mutating func cutOff() -> Bool {
        guard case .open = phase else { return false }
        phase = .closed
        return true
    }

    /// What the end of a session by the server's will leads to.
    package enum EndAction: Hashable, Sendable {
        /// The session had ended.
        case none
        /// Close the WebSocket connection.
        case closeSocket
        /// Answer the parked GET.
        case answer
        /// Keep the farewell for the next GET.
        case wait
    }

    package mutating func end(now: Duration) -> EndAction {
        switch phase {
        case .closed, .ending:
            return .none
        case .open(.webSocket):
            phase = .closed
            return .closeSocket
        case .open(.polling) where hasPoll:
            hasPoll = false
            phase = .closed
            return .answer
        case .open(.polling):
            phase = .ending(until: now + configuration.farewellTimeout)
            return .wait
        }
    }
}
