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
/// What the store said is believed for at most two seconds, and not past a kick of that user.
package actor SessionGate {
    private struct Entry {
        let record: SessionRecord
        let readAt: Duration
    }

    private static let trustedFor = Duration.seconds(2)
    private static let touchedEvery = Duration.seconds(300)
    private static let capacity = 65_536

    private let store: any AccountStore
    private let tokens: any TokenCodec
    private let time: any TimeSource
    private let metrics: ChatMetrics
    private let logger: Logger
    private var entries: [SessionID: Entry] = [:]
    /// When those that are believed no more were forgotten last.
    private var sweptAt = Duration.zero
    /// Raised by each kick: what was read before is not kept after.
    private var generation: UInt64 = 0

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
        await touch(record.session)
        return record
    }

    /// Forgets what was read of a user's sessions; called by every kick.
    package func forget(_ userID: UserID) {
        generation += 1
        entries = entries.filter { $0.value.record.user.userID != userID }
    }

    private func record(_ session: SessionID, of user: UserID) async throws(RequestError) -> SessionRecord {
        while true {
            if let entry = entries[session], entry.record.user.userID == user, time.uptime() - entry.readAt < Self.trustedFor {
                return entry.record
            }
            let began = generation
            let readAt = time.uptime()
            let found: SessionRecord?
            do {
                found = try await store.sessionRecord(session, of: user)
            } catch {
                throw RequestError(error)
            }
            guard generation == began else { continue }
            guard let found else { throw RequestError(.unauthenticated, "Log in first: the session is not valid.") }
            remember(found, readAt: readAt)
            return found
        }
    }

    private func remember(_ record: SessionRecord, readAt: Duration) {
        if readAt - sweptAt >= Self.trustedFor || entries.count >= Self.capacity {
            entries = entries.filter { readAt - $0.value.readAt < Self.trustedFor }
            if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
            sweptAt = readAt
        }
        entries[record.session.sessionID] = Entry(record: record, readAt: readAt)
    }

    /// Notes in the store that the session is in use, now and then. A failure costs only the note.
    private func touch(_ session: Session) async {
        let now = time.now()
        guard now - session.lastSeen > Self.touchedEvery else { return }
        do {
            try await store.touchSession(session.sessionID, of: session.userID, at: now)
        } catch {
            logger.debug("session_not_touched", metadata: ["sessionId": "\(session.sessionID)", "error": "\(error)"])
        }
    }
}
