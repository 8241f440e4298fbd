package import Actors
import NIOCore

extension SocketIOSession: SessionOutbound {
    package func send(_ event: SharedEvent) -> OutboundAdmission {
        if case .ended = phase { return .skipped }
        let loop = link.connection.loop
        let admission = link.send(loop.latestPacket.of(event, SocketIOEventEncoder.frame), isEssential: event.isEssential)
        if admission == .accepted, let place = event.place {
            offset?.delivered(place)
            offsetChanged(at: loop.latestPacket.time)
        }
        return admission
    }

    package func send(_ event: Event) -> OutboundAdmission {
        switch (phase, event) {
        case (.ended, _):
            return .skipped
        case (_, .welcome(let welcome)):
            return begin(welcome)
        case (.recovering(let recovery, let principal), .synced(Self.recoveryRef, let synced)):
            offset?.caughtUp(synced)
            return join(principal, recoveryID: synced.isComplete ? recovery.id : nil)
        case (.recovering(_, let principal), .error(Self.recoveryRef, _)):
            phase = .beginning(principal)
            offset = nil
            sync(from: nil)
            return .accepted
        case (.beginning(let principal), .synced(Self.recoveryRef, let synced)):
            offset = LiveOffset(SyncOffset(userID: principal.userID, stamp: synced.stamp))
            return join(principal, recoveryID: nil)
        case (.beginning, .error(Self.recoveryRef, _)):
            // It comes again, and may find the store awake.
            link.close(.internalError)
            return .accepted
        case (_, .ack(let ref, let message?, _)):
            offset?.acknowledged(message.place)
            offsetChanged()
            if let ref { return answer(event, ref) }
            // Whoever asked for no acknowledgement gets its message as all others do.
            let received = Event.messageReceived(message, showsClientMessageID: true, isReplayed: false)
            return link.send(SocketIOEventEncoder.frame(received), isEssential: true)
        case (_, .ack(nil, nil, _)):
            return .accepted
        default:
            if let ref = event.ref { return answer(event, ref) }
            return link.send(SocketIOEventEncoder.frame(event), isEssential: event.isEssential)
        }
    }

    package func passed(_ event: SharedEvent) {
        guard let place = event.place else { return }
        offset?.delivered(place)
        offsetChanged()
    }

    package func flush() {
        link.connection.flush()
    }

    package var isPressed: Bool { link.connection.isPressed }

    package func ping() {
        // Engine.IO has its own.
    }

    package func close(_ reason: EndReason, after event: Event?) {
        let wasJoined = phase == .joined
        guard phase != .ended else { return }
        phase = .ended
        guard reason.isFinal else {
            return link.close(reason, after: event.map { [SocketIOEventEncoder.frame($0)] } ?? [])
        }
        guard wasJoined else {
            guard case .error(_, let error) = event else { return link.refuse(RequestError(reason)) }
            return link.refuse(error)
        }
        let farewell = SocketIOEventEncoder.sessionEnded(code: reason.code, reason: reason.closeText)
        link.close(reason, after: [farewell] + SocketIOPacket(.disconnect, namespace: link.namespace).frames)
    }

    private func answer(_ event: Event, _ ref: String) -> OutboundAdmission {
        link.send(SocketIOEventEncoder.acknowledgement(event, id: ref), isEssential: true)
    }

    private func begin(_ welcome: Welcome) -> OutboundAdmission {
        guard case .joining(let recovery) = phase else { return .skipped }
        let principal = welcome.principal
        if let recovery, recovery.offset.userID == principal.userID {
            phase = .recovering(recovery, principal)
            offset = LiveOffset(recovery.offset)
            sync(from: recovery.offset)
            return .accepted
        }
        guard let stamp = welcome.stamp else {
            // Somebody else's offset.
            phase = .beginning(principal)
            sync(from: nil)
            return .accepted
        }
        offset = LiveOffset(SyncOffset(userID: principal.userID, stamp: stamp))
        return join(principal, recoveryID: nil)
    }

    /// Answers CONNECT, and says where the client stands.
    ///
    /// - Parameter recoveryID: the client's last one, where nothing is missing.
    private func join(_ principal: Principal, recoveryID: String?) -> OutboundAdmission {
        phase = .joined
        let id = SecretID.make()
        let admission = link.accept(id: id, recoveryID: recoveryID ?? SecretID.make())
        enroll(id, principal)
        offsetChanged()
        return admission
    }
}

extension EndReason {
    /// Whether the client is not to come back by itself: the namespace is left, and the client library knows that it was the server's will.
    fileprivate var isFinal: Bool {
        switch self {
        case .suspended, .removed, .revoked, .unauthenticated, .tokenExpired, .tooManyBadFrames: true
        case .slowConsumer, .rateLimited, .syncExpected, .goingAway, .serviceRestart, .heartbeatTimeout, .internalError: false
        }
    }

    /// The client protocol's code for it.
    fileprivate var code: String {
        switch self {
        case .suspended: RequestError.Code.accountSuspended.rawValue
        case .tokenExpired: RequestError.Code.tokenExpired.rawValue
        case .tooManyBadFrames: RequestError.Code.badRequest.rawValue
        default: RequestError.Code.unauthenticated.rawValue
        }
    }
}
