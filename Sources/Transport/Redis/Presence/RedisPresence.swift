package import Actors

/// Presence in Redis, over the bus's connection for commands. The keys are those of `PresenceKeys`.
package struct RedisPresence: PresenceDirectory {
    let redis: PresenceRedis
    let steps: any PresenceSteps
    let identity: InstanceIdentity
    let time: any TimeSource
    private let events: any Bus

    /// - Parameters:
    ///   - executor: takes the commands; `bus` where it is nil.
    ///   - layout: which keys a script may touch together; as it has to be for `bus` where it is nil.
    ///   - events: where changes are told; `bus` where it is nil.
    ///   - expiry: after which a user whom nobody refreshes is forgotten; whole seconds.
    package init(
        bus: RedisBus,
        executor: (any RedisExecutor)? = nil,
        layout: PresenceLayout? = nil,
        events: (any Bus)? = nil,
        identity: InstanceIdentity,
        expiry: Duration,
        time: any TimeSource
    ) {
        let layout = layout ?? (bus.isClustered ? .cluster : .single)
        redis = PresenceRedis(
            executor: executor ?? bus,
            keys: PresenceKeys(layout: layout),
            identity: identity,
            expiry: String(max(1, expiry.components.seconds)),
            time: time
        )
        steps =
            switch layout {
            case .single: SingleRedisSteps(redis: redis)
            case .cluster: ClusterSteps(redis: redis)
            }
        self.identity = identity
        self.time = time
        self.events = events ?? bus
    }

    package func publishPresenceEvent(_ event: PresenceEvent) {
        events.publish(.presence(event))
    }

    package func update(_ changes: [PresenceChange]) async throws(PresenceError) -> [PresenceOutcome?] {
        try await steps.write(changes, at: time.now()).map { PresenceOutcome($0) }
    }
}

extension RedisPresence {
    package func userPresence(_ users: [UserID]) async throws(PresenceError) -> [UserID: PresenceRecord] {
        PresenceRedis.records(in: try await redis.run(redis.reads(of: users)))
    }

    package func listedUsers() async throws(PresenceError) -> [UserID] {
        var users: [UserID] = []
        var cursor = "0"
        repeat {
            let page = try await redis.run(PresenceCall("SSCAN", [redis.ownUsers, cursor, "COUNT", String(PresenceRedis.chunk)])).parts
            // Something else is stored there.
            guard let page, page.count == 2, let next = page[0].text else { break }
            users += (page[1].parts ?? []).compactMap { $0.text.flatMap { UserID($0) } }
            cursor = next
        } while cursor != "0"
        return users
    }

    package func onlineUsers(limit: Int) async throws(PresenceError) -> (count: Int, users: [PresenceRecord]) {
        let replies = try await redis.run([
            PresenceCall("SCARD", [PresenceKeys.onlineUsers]),
            PresenceCall("SRANDMEMBER", [PresenceKeys.onlineUsers, String(limit)]),
        ])
        let users = (replies[1].parts ?? []).compactMap { $0.text.flatMap { UserID($0) } }
        let records = try await userPresence(users)
        return (Int(replies[0].number ?? 0), users.compactMap { records[$0] })
    }

    package func online(among users: [UserID]) async throws(PresenceError) -> Set<UserID> {
        let chunks = users.chunks(of: PresenceRedis.chunk)
        let replies = try await redis.run(
            chunks.map { chunk in PresenceCall("SMISMEMBER", [PresenceKeys.onlineUsers] + chunk.map(\.description)) }
        )
        var online: Set<UserID> = []
        for (chunk, reply) in zip(chunks, replies) {
            for (user, isMember) in zip(chunk, reply.parts ?? []) where isMember.number == 1 { online.insert(user) }
        }
        return online
    }

    package func socketCount(of user: UserID) async throws(PresenceError) -> Int {
        Int(try await redis.run(PresenceCall("SCARD", [redis.keys.sockets(of: user.description)])).number ?? 0)
    }

    package func instances(of user: UserID) async throws(PresenceError) -> [String] {
        let sockets = try await redis.run(PresenceCall("SMEMBERS", [redis.keys.sockets(of: user.description)])).parts ?? []
        return Set(sockets.compactMap { $0.text.flatMap { PresenceKeys.instance(ofSocket: $0) } }).sorted()
    }
}
