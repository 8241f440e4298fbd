/// What a session keeps of its client's presence commands.
struct SessionPresence {
    /// Commands that came before `WELCOME`.
    var early: [(command: PresenceCommand, ref: String?)] = []
    /// Whether the hub knows the session.
    var isOpen = false
}

extension SessionActor {
    /// Leaves a command with the hub, which answers by `answerPresence`; one that comes before `WELCOME` waits for it.
    func handle(_ command: PresenceCommand, ref: String?) {
        let isAccepted: Bool
        if presence.isOpen, let principal = state.livePrincipal {
            isAccepted = environment.presence.accept(command, ref: ref, from: connectionID, of: principal.userID)
        } else {
            isAccepted = presence.early.count < PresenceInbox.commandLimit
            if isAccepted { presence.early.append((command, ref)) }
        }
        guard !isAccepted else { return }
        send(.error(ref: ref, RequestError(.rateLimited, "Too many commands wait for their answer.", retryAfter: .seconds(1))))
    }

    /// The session is live.
    func presenceOpened(_ principal: Principal) {
        presence.isOpen = true
        environment.presence.opened(self, user: PresentUser(principal))
        let early = presence.early
        presence.early = []
        for (command, ref) in early { handle(command, ref: ref) }
    }

    /// The session has ended.
    func presenceClosed(_ principal: Principal) {
        presence.early = []
        guard presence.isOpen else { return }
        presence.isOpen = false
        environment.presence.closed(connectionID, of: principal.userID)
    }

    /// Writes the hub's answer to a command.
    func answerPresence(_ event: Event) {
        send(event)
    }

    /// Writes what became of somebody whom the client wants to know of.
    func deliverPresence(_ event: SharedEvent) {
        guard state.livePrincipal != nil else { return }
        admit(outbound.send(event))
    }
}

extension PresentUser {
    fileprivate init(_ principal: Principal) {
        self.init(userID: principal.userID, username: principal.username, avatar: principal.avatar)
    }
}
