import Actors

/// Each step is a handful of calls, one after the other, each to keys of one slot.
///
/// A process may die between any two of them. So a user is listed with the instance before there is a socket, and taken off that list last:
/// whoever reaps the instance finds everybody of whom something may be left. The calls of many users go together, stage by stage.
struct ClusterSteps: PresenceSteps {
    let redis: PresenceRedis

    var instance: String { redis.identity.instanceID }

    func write(_ changes: [PresenceChange], at now: Timestamp) async throws(PresenceError) -> [RedisReply] {
        let arriving = Set(changes.filter(\.isOnline).map(\.user.userID.description))
        if !arriving.isEmpty {
            try await redis.run([PresenceCall("SADD", [PresenceKeys.instances, instance])] + members("SADD", redis.ownUsers, arriving))
        }
        let replies = try await redis.run(changes.map { call(for: $0, at: now) })
        let changes = ListChanges(changes, replies.map { PresenceOutcome($0) })
        try await list(changes.present, unlisting: changes.absent)
        try await redis.run(members("SREM", redis.ownUsers, changes.left))
        return replies
    }

    private func call(for change: PresenceChange, at now: Timestamp) -> PresenceCall {
        let keys = redis.keys(of: change.user.userID.description)
        let arguments = change.scriptArguments(on: instance, expiry: redis.expiry, at: now)
        return switch change {
        case .online: PresenceScripts.onlineInSlot.call(keys, arguments)
        case .offline: PresenceScripts.offlineInSlot.call(keys, arguments)
        case .status: PresenceScripts.status.call(keys, arguments)
        }
    }

    /// A command that names members of a set, with so many of them at a time.
    func members(_ command: String, _ key: String, _ members: some Collection<String>) -> [PresenceCall] {
        Array(members).chunks(of: PresenceRedis.chunk).map { PresenceCall(command, [key] + $0) }
    }
}

// Who is online.
extension ClusterSteps {
    private static let rounds = 8

    /// Puts users on `online_users` and takes others off.
    ///
    /// The sockets of who is taken off may have changed since they were counted, and another instance may have put the user on the list
    /// before. So they are counted again after each change of the list, until it agrees with them: whoever changes it last has counted after it.
    func list(_ present: Set<String>, unlisting absent: Set<String>) async throws(PresenceError) {
        var (present, absent) = (present, absent)
        try await change(present, absent)
        present = []
        for _ in 0..<Self.rounds {
            let (listed, unlisted) = (Array(present), Array(absent))
            guard !listed.isEmpty || !unlisted.isEmpty else { return }
            let counts = try await socketCounts(of: listed + unlisted)
            present = Set(zip(unlisted, counts.dropFirst(listed.count)).filter { $0.1 > 0 }.map(\.0))
            absent = Set(zip(listed, counts).filter { $0.1 == 0 }.map(\.0))
            try await change(present, absent)
        }
    }

    /// Takes those off the list who have no socket, out of a few that are on it.
    func unlistAbsent(among users: [String]) async throws(PresenceError) {
        let counts = try await socketCounts(of: users)
        try await list([], unlisting: Set(zip(users, counts).filter { $0.1 == 0 }.map(\.0)))
    }

    private func change(_ present: Set<String>, _ absent: Set<String>) async throws(PresenceError) {
        try await redis.run(members("SADD", PresenceKeys.onlineUsers, present) + members("SREM", PresenceKeys.onlineUsers, absent))
    }

    /// Nought for what is no set.
    private func socketCounts(of users: [String]) async throws(PresenceError) -> [Int64] {
        try await redis.run(users.map { PresenceCall("SCARD", [redis.keys.sockets(of: $0)]) }).map { $0.number ?? 0 }
    }
}

extension PresenceChange {
    fileprivate var isOnline: Bool {
        if case .online = self { true } else { false }
    }
}
