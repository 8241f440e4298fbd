package import Actors

/// Presence in Redis, over the bus's connection for commands. The keys are those of `PresenceKeys`.
package struct RedisPresence: PresenceDirectory {
    /// The most keys that one command names.
    static let chunk = 512

    let bus: RedisBus
    let identity: InstanceIdentity
    let expiry: String
    let time: any TimeSource
    private let events: any Bus

    /// - Parameters:
    ///   - events: where changes are told; `bus` where it is nil.
    ///   - expiry: after which a user whom nobody refreshes is forgotten; whole seconds.
    package init(bus: RedisBus, events: (any Bus)? = nil, identity: InstanceIdentity, expiry: Duration, time: any TimeSource) {
        self.bus = bus
        self.events = events ?? bus
        self.identity = identity
        self.expiry = String(max(1, expiry.components.seconds))
        self.time = time
    }

    package func publishPresenceEvent(_ event: PresenceEvent) {
        events.publish(.presence(event))
    }

    package func update(_ changes: [PresenceChange]) async throws(PresenceError) -> [PresenceOutcome?] {
        let now = time.now()
        let replies = try await run(changes.map { call(for: $0, at: now) })
        return replies.map { reply in
            guard let parts = reply.parts, parts.count >= 3, let isTurningPoint = parts[0].number,
                let status = parts[1].text.flatMap(PresenceStatus.init(rawValue:)), let at = parts[2].number
            else { return nil }
            return PresenceOutcome(isTurningPoint: isTurningPoint == 1, status: status, at: Timestamp(milliseconds: at))
        }
    }

    private func call(for change: PresenceChange, at now: Timestamp) -> PresenceCall {
        let instance = identity.instanceID
        let user = change.user.userID.description
        let text = PresencePayload.text(of: change.user, lastSeen: now, instanceID: instance)
        let sockets = PresenceKeys.sockets(of: user)
        let presence = PresenceKeys.presence(of: user)
        let users = PresenceKeys.users(of: instance)
        switch change {
        case .online(_, let connections, let status):
            return PresenceScripts.online.call(
                [sockets, presence, PresenceKeys.onlineUsers, users, PresenceKeys.instances],
                [user, instance, expiry, status.rawValue, text.before, text.after]
                    + connections.map { PresenceKeys.socket($0, on: instance) }
            )
        case .offline(_, let connections, let isLastHere):
            return PresenceScripts.offline.call(
                [sockets, presence, PresenceKeys.onlineUsers, users],
                [user, instance, expiry, isLastHere ? "1" : "0", text.before + PresenceStatus.offline.rawValue + text.after]
                    + connections.map { PresenceKeys.socket($0, on: instance) }
            )
        case .status(_, let status):
            return PresenceScripts.status.call([sockets, presence], [expiry, status.rawValue, text.before + status.rawValue + text.after])
        }
    }
}

extension RedisPresence {
    package func userPresence(_ users: [UserID]) async throws(PresenceError) -> [UserID: PresenceRecord] {
        Self.records(try await run(reads(of: users)))
    }

    package func onlineUsers(limit: Int) async throws(PresenceError) -> (count: Int, users: [PresenceRecord]) {
        let replies = try await run([
            PresenceCall("SCARD", [PresenceKeys.onlineUsers]),
            PresenceCall("SRANDMEMBER", [PresenceKeys.onlineUsers, String(limit)]),
        ])
        let users = (replies[1].parts ?? []).compactMap { $0.text.flatMap { UserID($0) } }
        let records = try await userPresence(users)
        return (Int(replies[0].number ?? 0), users.compactMap { records[$0] })
    }

    package func online(among users: [UserID]) async throws(PresenceError) -> Set<UserID> {
        let chunks = users.chunks(of: Self.chunk)
        let replies = try await run(
            chunks.map { chunk in PresenceCall("SMISMEMBER", [PresenceKeys.onlineUsers] + chunk.map(\.description)) }
        )
        var online: Set<UserID> = []
        for (chunk, reply) in zip(chunks, replies) {
            for (user, isMember) in zip(chunk, reply.parts ?? []) where isMember.number == 1 { online.insert(user) }
        }
        return online
    }

    package func socketCount(of user: UserID) async throws(PresenceError) -> Int {
        Int(try await run(PresenceCall("SCARD", [PresenceKeys.sockets(of: user.description)])).number ?? 0)
    }

    package func instances(of user: UserID) async throws(PresenceError) -> [String] {
        let sockets = try await run(PresenceCall("SMEMBERS", [PresenceKeys.sockets(of: user.description)])).parts ?? []
        return Set(sockets.compactMap { $0.text.flatMap { PresenceKeys.instance(ofSocket: $0) } }).sorted()
    }

    func reads(of users: [UserID]) -> [PresenceCall] {
        users.chunks(of: Self.chunk).map { chunk in PresenceCall("MGET", chunk.map { PresenceKeys.presence(of: $0.description) }) }
    }

    static func records(_ replies: some Sequence<RedisReply>) -> [UserID: PresenceRecord] {
        var records: [UserID: PresenceRecord] = [:]
        for reply in replies {
            for case .bulk(let bytes) in reply.parts ?? [] {
                if let record = PresencePayload.record(bytes) { records[record.userID] = record }
            }
        }
        return records
    }
}

extension RedisPresence {
    func run(_ call: PresenceCall) async throws(PresenceError) -> RedisReply {
        try await run([call])[0]
    }

    /// Runs calls in one go; scripts that Redis doesn't know are given to it once more with their text.
    ///
    /// - Returns: an answer a call; an error where it is about what is stored under the call's keys.
    func run(_ calls: [PresenceCall]) async throws(PresenceError) -> [RedisReply] {
        var replies = try await execute(calls.map(\.command))
        let unknown = replies.indices.filter { replies[$0].errorCode == "NOSCRIPT" && calls[$0].fallback != nil }
        if !unknown.isEmpty {
            let again = try await execute(unknown.compactMap { calls[$0].fallback })
            for (index, reply) in zip(unknown, again) { replies[index] = reply }
        }
        for reply in replies {
            guard let code = reply.errorCode, !Self.isAboutOneKey(code) else { continue }
            throw PresenceError(.unavailable, "Redis answered \(code)")
        }
        return replies
    }

    private func execute(_ commands: [RedisCommand]) async throws(PresenceError) -> [RedisReply] {
        do {
            return try await bus.execute(commands)
        } catch {
            throw PresenceError(.unavailable, error.message)
        }
    }

    /// Whether trying again can't help, as something else is stored where presence should be.
    private static func isAboutOneKey(_ code: String) -> Bool {
        code == "WRONGTYPE" || code == "ERR"
    }
}

extension RedisReply {
    var parts: [RedisReply]? {
        if case .array(let parts) = self { parts } else { nil }
    }

    var number: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }
}

extension Array {
    /// The elements in pieces of at most `count`.
    func chunks(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
