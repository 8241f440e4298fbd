package import Actors
import NIOCore

extension SocketIOSession: SessionOutbound {
    package func send(_ event: SharedEvent) -> OutboundAdmission {
        if case .ended = phase { return .skipped }
        if holdsBack(event.event) { return .accepted }
        let loop = link.connection.loop
        let admission = link.send(loop.latestPacket.of(event, SocketIOEventEncoder.frame), isEssential: event.isEssential)
        if admission == .accepted, let place = event.place {
            offset?.delivered(place)
            offsetChanged(at: loop.latestPacket.time)
        }
        return admission
    }

    package func send(_ event: Event) -> OutboundAdmission {
        if holdsBack(event) { return .accepted }
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
        case (_, .ack(let ref?, let message?, _)):
            let admission = answer(event, ref)
            if admission == .accepted {
                offset?.acknowledged(message.place)
                offsetChanged()
            }
            return admission
        case (_, .ack(nil, let message?, let isDuplicate)):
            return stored(message, isDuplicate: isDuplicate)
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
        let last = phase
        phase = .ended
        switch last {
        case .ended:
            break
        case .joined where reason.isFinal:
            let farewell = SocketIOEventEncoder.sessionEnded(code: reason.code, reason: reason.closeText)
            link.close(reason, after: [farewell] + SocketIOPacket(.disconnect, namespace: link.namespace).frames)
        case .joined:
            link.close(reason, after: event.map { [SocketIOEventEncoder.frame($0)] } ?? [])
        case .joining where reason.isFinal:
            // It may try again, with another token.
            link.refuse(refusal(reason, event))
        case .recovering where reason.isFinal, .beginning where reason.isFinal:
            // Part of what was missed may wait already, and must not come after a ban.
            link.close(reason, after: link.refusal(refusal(reason, event)).frames)
        case .joining, .recovering, .beginning:
            // It comes again. An event would be kept by its library until then.
            link.close(reason)
        }
    }

    /// Whether the event is kept until the client is in.
    private func holdsBack(_ event: Event) -> Bool {
        !phase.isDecided && early.hold(event)
    }

    private func refusal(_ reason: EndReason, _ event: Event?) -> RequestError {
        if case .error(_, let error) = event { error } else { RequestError(reason) }
    }

    /// A message of this client was stored for which it asked no acknowledgement. It is delivered in its turn, as to all others.
    private func stored(_ message: Message, isDuplicate: Bool) -> OutboundAdmission {
        guard isDuplicate else {
            unanswered.add(message.messageID)
            return .skipped
        }
        guard !unanswered.contains(message.messageID) else { return .skipped }
        // It may have been stored over a connection that never heard of it, and is not delivered again.
        let received = Event.messageReceived(message, showsClientMessageID: true, isReplayed: true)
        let admission = link.send(SocketIOEventEncoder.frame(received), isEssential: true)
        return admission == .overflow ? .overflow : .skipped
    }

    private func answer(_ event: Event, _ ref: String) -> OutboundAdmission {
        if ref == partRef { partRef = nil }
        return link.send(SocketIOEventEncoder.acknowledgement(event, id: ref), isEssential: true)
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
        return early.take().reduce(admission) { admission, event in
            admission == .accepted ? link.send(SocketIOEventEncoder.frame(event), isEssential: true) : admission
        }
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
