import Actors

/// What has to be done in another way where a script may not touch all keys: the steps of a change, of a lease and of a reaping.
protocol PresenceSteps: Sendable {
    var redis: PresenceRedis { get }

    /// Writes changes, in their order.
    ///
    /// - Returns: the answer of each change's script.
    func write(_ changes: [PresenceChange], at now: Timestamp) async throws(PresenceError) -> [RedisReply]

    /// - Parameter lease: the lease's text.
    func claim(_ lease: String, isFirst: Bool) async throws(PresenceError) -> LeaseClaim
    func heartbeat(_ lease: String, refreshing users: [String], reading others: [UserID]) async throws(PresenceError) -> HeartbeatAnswer
    func release() async throws(PresenceError)
    /// Whether the own lease is there and listed, and who is listed without one.
    func scan() async throws(PresenceError) -> (holdsOwn: Bool, expired: [String])

    /// Makes ready to take an instance's users offline, and marks it as reaped; the lock is held.
    ///
    /// - Returns: false where the lease is back.
    func beginReaping(_ instance: String) async throws(PresenceError) -> Bool
    /// As many of the users that are listed with the instance as are taken offline in one go; nil where the lease is back.
    func nextToReap(_ instance: String) async throws(PresenceError) -> [String]?
    /// Takes the sockets of users away that they have on the instance.
    ///
    /// - Returns: the answer of each user's script; nil where the lease is back.
    func takeOffline(_ users: [String], of instance: String, at now: Timestamp) async throws(PresenceError) -> [RedisReply]?
    /// Takes users off the instance's list, the others having been told.
    ///
    /// - Returns: false where the lease is back.
    func takeOffList(_ users: [String], of instance: String) async throws(PresenceError) -> Bool
    /// Gives the lock up, and takes the instance off the list of those that hold leases.
    func endReaping(_ instance: String) async throws(PresenceError) -> ReapingEnd
}

extension PresenceSteps {
    /// Gives the lock up before the end, so that the next look can go on.
    func unlock(_ instance: String) async throws(PresenceError) {
        _ = try await redis.run(PresenceCall("DEL", [PresenceKeys.reaper(of: instance)]))
    }
}

enum ReapingEnd: Sendable {
    /// The lease is back, or there are users again.
    case notOver
    case over
    /// Another reaper had ended it.
    case wasOver
}

extension LeaseClaim {
    init(_ reply: RedisReply) throws(PresenceError) {
        switch (reply.parts?.first?.number, reply.parts?.last) {
        case (1, .integer(let marks)): self = .claimed(wasReaped: marks > 0)
        case (0, .bulk(let bytes)): self = .held(LeasePayload.holder(bytes))
        case (2, _): self = .unclear
        default: throw PresenceError(.refused, "the lease can't be claimed")
        }
    }
}

extension LeaseRenewal {
    init(_ reply: RedisReply) throws(PresenceError) {
        switch (reply.parts?.first?.number, reply.parts?.last) {
        case (1, _): self = .renewed
        case (0, _): self = .gone
        case (2, .bulk(let bytes)): self = .foreign(LeasePayload.holder(bytes))
        default: throw PresenceError(.refused, "the lease can't be renewed")
        }
    }
}
