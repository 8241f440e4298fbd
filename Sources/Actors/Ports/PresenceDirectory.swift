/// Who is online over all instances, and which instances live: what they share besides the store.
///
/// Everything in it may be lost at any moment, and every instance puts its own part in again.
package protocol PresenceDirectory: Sendable {
    /// Writes changes of this instance's users in one go, in their order.
    ///
    /// - Returns: an outcome a change, in the same order; nil for one that can't be written, as something else is in its place.
    /// - Throws: `PresenceError`; then some may be written, and all of them may be given again.
    func update(_ changes: [PresenceChange]) async throws(PresenceError) -> [PresenceOutcome?]

    /// What is known of `users`; of those that are missing in the answer, nothing.
    func userPresence(_ users: [UserID]) async throws(PresenceError) -> [UserID: PresenceRecord]

    /// The users that are listed with this instance.
    func listedUsers() async throws(PresenceError) -> [UserID]

    /// How many users are online, and at most `limit` of them, any.
    func onlineUsers(limit: Int) async throws(PresenceError) -> (count: Int, users: [PresenceRecord])

    /// Those of `users` that are online.
    func online(among users: [UserID]) async throws(PresenceError) -> Set<UserID>

    /// Open sockets of a user, on all instances.
    func socketCount(of user: UserID) async throws(PresenceError) -> Int

    /// The instances that hold a socket of a user, in the order of their ids.
    func instances(of user: UserID) async throws(PresenceError) -> [String]

    /// Tells the other instances; returns at once and never fails.
    func publishPresenceEvent(_ event: PresenceEvent)

    /// Takes the users offline that an earlier life of this instance's id has left, where nobody holds its lease. To be called before
    /// the first claim, which is refused while there are some: with the lease claimed, nobody would look for them any more.
    ///
    /// - Returns: false where some are left, as another instance is at it.
    func clearFormerLife() async throws(PresenceError) -> Bool

    /// Takes the lease of this instance's id where nobody holds it.
    ///
    /// - Parameter isFirst: this process has not held it yet. It is then not given before an earlier life's users are offline.
    func claimLease(_ report: InstanceReport, isFirst: Bool) async throws(PresenceError) -> LeaseClaim

    /// Renews the lease where it is this process's own, never another's; in the same go keeps what is stored of some users from
    /// expiring, and reads what is known of others.
    func heartbeat(
        _ report: InstanceReport,
        refreshing users: [UserID],
        reading others: [UserID]
    ) async throws(PresenceError) -> HeartbeatAnswer

    /// Gives the lease up where it is this process's own.
    func releaseLease() async throws(PresenceError)

    /// Ends a lease under this instance's id that `holder` has not renewed since, and takes its users offline.
    ///
    /// - Returns: nil where it was renewed.
    func takeOver(from holder: LeaseHolder) async throws(PresenceError) -> ReapedInstance?

    /// Looks for instances whose lease has expired, and takes their users offline where nobody else is about to.
    func reapExpiredInstances() async throws(PresenceError) -> LeaseScan

    /// The instances that hold a lease, in the order of their ids.
    func instances() async throws(PresenceError) -> [InstanceReport]
}

extension PresenceDirectory {
    /// Notes one connection of a user; the outcome says whether it is the user's first in the cluster.
    package func setUserOnline(
        _ user: PresentUser,
        connection: ConnectionID,
        status: PresenceStatus = .online
    ) async throws(PresenceError) -> PresenceOutcome {
        try await update(.online(user, [connection], status: status))
    }

    /// Notes the end of a connection; the outcome says whether it was the user's last in the cluster.
    package func setUserOffline(
        _ user: PresentUser,
        connection: ConnectionID,
        isLastHere: Bool
    ) async throws(PresenceError) -> PresenceOutcome {
        try await update(.offline(user, [connection], isLastHere: isLastHere))
    }

    private func update(_ change: PresenceChange) async throws(PresenceError) -> PresenceOutcome {
        guard let outcome = try await update([change]).first ?? nil else { throw PresenceError(.refused, "no outcome") }
        return outcome
    }
}

/// A failure of the directory.
package struct PresenceError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// It can't be reached, or didn't answer in time.
        case unavailable
        /// It answered something else than it should.
        case refused
    }

    package let code: Code
    /// For the log alone.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String {
        "presence error (\(code)): \(detail)"
    }
}
