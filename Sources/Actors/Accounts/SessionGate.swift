package import Logging

/// Why a session may not begin.
package enum SessionRefusal: Error, Hashable, Sendable {
    /// The store says that it is not valid.
    case ended(EndReason)
    /// The store didn't say.
    case unavailable(RequestError)
}

/// Decides who may come in: tokens are checked by their signature, then by what the store says of their session.
///
/// What the store said is believed for at most two seconds, and not past a kick of that user. A kick of others concerns nobody else.
package actor SessionGate {
    /// How often one question is put to the store where kicks of that user overtake the answers.
    private static let reads = 5

    private let store: any AccountStore
    private let tokens: any TokenCodec
    private let time: any TimeSource
    private let metrics: ChatMetrics
    private let logger: Logger
    private var memory = SessionMemory()
    private var uses = SessionUses()
    /// Tells the store of uses, while there are some.
    private var telling: Task<Void, Never>?

    package init(
        store: any AccountStore,
        tokens: any TokenCodec,
        time: any TimeSource,
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "Session")
    ) {
        self.store = store
        self.tokens = tokens
        self.time = time
        self.metrics = metrics
        self.logger = logger
    }

    /// Whose token this is, where the token and its session are valid.
    package func principal(forToken token: String) async throws(RequestError) -> Principal {
        do throws(RequestError) {
            return try await checked(token)
        } catch {
            metrics.sessions.noteRefusedToken(error)
            throw error
        }
    }

    private func checked(_ token: String) async throws(RequestError) -> Principal {
        let claims = try await tokens.verify(token)
        let record = try await record(claims.sessionID, of: claims.userID)
        if let reason = record.refusal(at: time.now()) { throw RequestError(reason) }
        return Principal(record)
    }

    /// What the store says now of a session that has just been registered; nothing remembered is believed.
    package func confirm(_ principal: Principal) async throws(SessionRefusal) -> SessionRecord {
        let found: SessionRecord?
        do {
            found = try await store.sessionRecord(principal.sessionID, of: principal.userID)
        } catch {
            throw .unavailable(RequestError(error))
        }
        guard let record = found else { throw .ended(.revoked) }
        if let reason = record.refusal(at: time.now()) { throw .ended(reason) }
        noteUse(of: record.session)
        return record
    }

    /// Forgets what was read of a user's sessions; called by every kick.
    package func forget(_ userID: UserID) {
        memory.forget(userID)
    }

    private func record(_ session: SessionID, of user: UserID) async throws(RequestError) -> SessionRecord {
        for _ in 0..<Self.reads where !Task.isCancelled {
            let now = time.uptime()
            if let known = memory.record(session, of: user, at: now) { return known }
            let read = memory.begin(session, of: user, at: now)
            let found: SessionRecord?
            do {
                found = try await store.sessionRecord(session, of: user)
            } catch {
                _ = memory.end(read, with: nil)
                throw RequestError(error)
            }
            guard memory.end(read, with: found) else { continue }
            guard let found else { throw RequestError(.unauthenticated, "Log in first: the session is not valid.") }
            noteUse(of: found.session)
            return found
        }
        throw RequestError(StoreError(.unavailable, "the user was kicked while the session was read"))
    }
}

extension SessionGate {
    /// The session is in use. The store is told now and then, and nobody waits for that.
    func noteUse(of session: SessionID, of user: UserID) {
        uses.append(SessionUses.Use(session: session, user: user, time: time.now()))
        if telling == nil { telling = Task { await self.tellUses() } }
    }

    private func noteUse(of session: Session) {
        guard time.now() - session.lastSeen > SessionUses.interval else { return }
        noteUse(of: session.sessionID, of: session.userID)
    }

    /// A failure costs only the notes.
    private func tellUses() async {
        while let use = uses.first {
            do {
                try await store.touchSession(use.session, of: use.user, at: use.time)
                uses.removeFirst()
            } catch {
                logger.debug("session_not_touched", metadata: ["sessionId": "\(use.session)", "error": "\(error)"])
                uses.removeAll()
            }
        }
        telling = nil
    }
}
