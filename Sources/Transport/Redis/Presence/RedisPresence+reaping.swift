import Actors

extension RedisPresence {
    /// Takes the users of an instance without a lease offline: batch by batch, each step only while there is no lease.
    ///
    /// - Parameters:
    ///   - deadline: the uptime after which no further batch is begun; nil for going on to the end. Who is left stays listed.
    ///   - events: gets what was published.
    /// - Returns: nil where another instance is at it, the lease is back, or somebody is left.
    func reap(
        _ instance: String,
        until deadline: Duration? = nil,
        telling events: inout [PresenceEvent]
    ) async throws(PresenceError) -> ReapedInstance? {
        let lock = [PresenceKeys.reaper(of: instance), identity.instanceID, "NX", "PX", PresenceRedis.reaperLock]
        let taken = try await redis.run(PresenceCall("SET", lock))
        guard case .status = taken else { return nil }
        let isGone = try await steps.beginReaping(instance)
        guard isGone else { return nil }
        var users = 0
        var offline = 0
        while true {
            guard let batch = try await steps.nextToReap(instance) else { return nil }
            guard !batch.isEmpty else { break }
            guard let replies = try await steps.takeOffline(batch, of: instance, at: time.now()) else { return nil }
            let gone = zip(batch, replies).compactMap { PresenceEvent(reaped: $0, $1) }
            for event in gone { publishPresenceEvent(event) }
            // Only now, when the others are told, are they off the list.
            let isStillGone = try await steps.takeOffList(batch, of: instance)
            guard isStillGone else { return nil }
            users += batch.count
            offline += gone.count
            events += gone
            if let deadline, time.uptime() >= deadline {
                try await steps.unlock(instance)
                return nil
            }
        }
        let end = try await steps.endReaping(instance)
        switch end {
        case .notOver: return nil
        // One who read the list before another had finished finds nobody any more.
        case .wasOver where users == 0: return nil
        case .over, .wasOver: return ReapedInstance(instanceID: instance, users: users, offline: offline)
        }
    }
}

extension PresenceEvent {
    /// Nil where the user has another socket, or nothing was done.
    fileprivate init?(reaped user: String, _ reply: RedisReply) {
        guard let parts = reply.parts, parts.count == 3, parts[0].number == 1, let at = parts[1].number, let id = UserID(user) else {
            return nil
        }
        self.init(
            kind: .offline,
            userID: id,
            username: parts[2].text.flatMap { $0.isEmpty ? nil : $0 } ?? user,
            status: .offline,
            timestamp: Timestamp(milliseconds: at)
        )
    }
}
