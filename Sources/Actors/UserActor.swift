/// One user's connections on this instance.
///
/// It supervises them: each is told on its own event loop, and one that has failed is forgotten without the others noticing.
package actor UserActor {
    private struct Member {
        let session: SessionActor
        let sessionID: SessionID
        let authEpoch: Int64
    }

    package nonisolated let userID: UserID
    private var members: [ConnectionID: Member] = [:]

    package init(userID: UserID) {
        self.userID = userID
    }

    package func add(_ session: SessionActor, as principal: Principal) {
        members[session.connectionID] = Member(session: session, sessionID: principal.sessionID, authEpoch: principal.authEpoch)
    }

    package func remove(_ connection: ConnectionID) {
        members[connection] = nil
    }

    /// The sessions (log-ins) that have a connection here.
    package var connectedSessions: Set<SessionID> {
        Set(members.values.map(\.sessionID))
    }

    /// Writes a stored message to every connection, encoded once.
    ///
    /// - Parameter origin: the connection that sent it.
    package func deliver(_ message: Message, origin: ConnectionID?) {
        let event = SharedEvent(.messageReceived(message, showsClientMessageID: message.senderID == userID))
        forEachExecutor { session in session.deliver(event, origin: origin) }
    }

    /// Ends the connections that `kick` means; they are ended when this returns.
    ///
    /// - Returns: how many that were.
    package func apply(_ kick: Kick) async -> Int {
        let ended = members.values.compactMap { member in
            kick.reason(forSession: member.sessionID, authEpoch: member.authEpoch).map { (member.session, $0) }
        }
        for (session, _) in ended { members[session.connectionID] = nil }
        var count = 0
        for (session, reason) in ended where await session.end(reason) { count += 1 }
        return count
    }

    /// Asks every connection to leave, each after a time of its own between zero and `window`.
    package func goAway(within window: Duration) {
        for member in members.values {
            let delay = Duration.milliseconds(Int64.random(in: 0...window.milliseconds))
            let session = member.session
            session.executor.execute { session.assumeIsolated { $0.goAway(after: delay) } }
        }
    }

    /// Runs `body` on each session, with one hop for those that share an executor.
    private func forEachExecutor(_ body: @escaping @Sendable (isolated SessionActor) -> Void) {
        if members.count == 1, let session = members.values.first?.session {
            session.executor.execute { session.assumeIsolated(body) }
            return
        }
        let groups = Dictionary(grouping: members.values.lazy.map(\.session)) { ObjectIdentifier($0.executor) }
        for sessions in groups.values {
            sessions[0].executor.execute {
                for session in sessions { session.assumeIsolated(body) }
            }
        }
    }
}
