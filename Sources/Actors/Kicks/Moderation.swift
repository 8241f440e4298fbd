package import Logging

/// What an admin's order did.
package struct KickOutcome: Hashable, Sendable {
    package let user: User
    /// Connections of this instance that were ended.
    package let closedHere: Int
    /// Sessions that were valid before; for revocations.
    package let revoked: Int
}

/// Bans and revocations: first the store, then the connections of this instance, then the bus.
package struct Moderation: Sendable {
    private let store: any Store
    private let gate: SessionGate
    private let registry: Registry
    private let bus: any Bus
    private let ids: any IDGenerator
    private let time: any TimeSource
    private let metrics: ChatMetrics
    private let logger: Logger

    package init(
        store: any Store,
        gate: SessionGate,
        registry: Registry,
        bus: any Bus,
        ids: any IDGenerator,
        time: any TimeSource,
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "Session")
    ) {
        self.store = store
        self.gate = gate
        self.registry = registry
        self.bus = bus
        self.ids = ids
        self.time = time
        self.metrics = metrics
        self.logger = logger
    }

    /// Suspends an account and ends its sessions everywhere.
    ///
    /// - Parameter admin: who orders it; nil for the command line.
    package func ban(_ id: UserID, by admin: UserID?, reason: String?) async throws(RequestError) -> KickOutcome {
        let user = try await change { () async throws(StoreError) in try await store.setSuspended(true, user: id) }
        let closed = await carryOut(.ban(id, authEpoch: user.authEpoch))
        await record(.ban, target: id, by: admin, reason: reason)
        return KickOutcome(user: user, closedHere: closed, revoked: 0)
    }

    /// Lifts a suspension; the user has to log in again.
    package func unban(_ id: UserID, by admin: UserID?, reason: String?) async throws(RequestError) -> KickOutcome {
        let user = try await change { () async throws(StoreError) in try await store.setSuspended(false, user: id) }
        await gate.forget(id)
        await record(.unban, target: id, by: admin, reason: reason)
        return KickOutcome(user: user, closedHere: 0, revoked: 0)
    }

    /// Ends every session of a user.
    package func revokeAll(_ id: UserID, by admin: UserID?) async throws(RequestError) -> KickOutcome {
        let now = time.now()
        let (user, revoked) = try await change { () async throws(StoreError) in try await store.revokeSessions(of: id, at: now) }
        let closed = await carryOut(.revokeAll(id, authEpoch: user.authEpoch))
        await record(.revokeAll, target: id, by: admin)
        return KickOutcome(user: user, closedHere: closed, revoked: revoked)
    }

    /// Ends one session of a user; also where it had ended before.
    ///
    /// - Parameter admin: who orders it; nil where the user does it, which the audit log doesn't hold.
    package func revokeOne(_ session: SessionID, of id: UserID, by admin: UserID?) async throws(RequestError) {
        let exists = try await attempt { () async throws(StoreError) in try await store.revokeSession(session, of: id) }
        guard exists else { throw RequestError(.notFound, "This user has no such session.") }
        _ = await carryOut(.revokeOne(id, session))
        if admin != nil { await record(.revokeOne, target: id, session: session, by: admin) }
    }

    /// Ends the connections of this instance that an order means.
    ///
    /// - Parameters:
    ///   - path: how the order came here.
    ///   - time: when it was given, at the earliest.
    /// - Returns: how many that were.
    package func apply(_ kick: Kick, by path: DeliveryPath, orderedAt time: Timestamp) async -> Int {
        await gate.forget(kick.userID)
        guard let user = await registry.user(kick.userID) else { return 0 }
        let closed = await user.apply(kick)
        metrics.kicks.carriedOut(kick, by: path, after: self.time.now() - time, closed: closed)
        return closed
    }

    private func carryOut(_ kick: Kick) async -> Int {
        let closed = await apply(kick, by: .local, orderedAt: time.now())
        bus.publish(.kick(kick))
        return closed
    }

    private func change<Value: Sendable>(_ body: () async throws(StoreError) -> Value?) async throws(RequestError) -> Value {
        guard let value = try await attempt(body) else { throw RequestError(.notFound, "There is no user with this id.") }
        return value
    }

    private func attempt<Value: Sendable>(_ body: () async throws(StoreError) -> Value) async throws(RequestError) -> Value {
        do {
            return try await body()
        } catch {
            throw RequestError(error)
        }
    }

    /// Writes the audit log. The order stands already, so a failure is only logged.
    private func record(
        _ action: AuditEntry.Action,
        target: UserID,
        session: SessionID? = nil,
        by admin: UserID?,
        reason: String? = nil
    ) async {
        let entry = AuditEntry(
            entryID: ids.next(MessageID.self),
            action: action,
            adminID: admin,
            targetUserID: target,
            targetSessionID: session,
            reason: reason,
            createdAt: time.now()
        )
        do {
            try await store.record(entry)
        } catch {
            logger.error(
                "audit_not_recorded",
                metadata: ["action": "\(action.rawValue)", "targetUserId": "\(target)", "error": "\(error)"]
            )
        }
    }
}
