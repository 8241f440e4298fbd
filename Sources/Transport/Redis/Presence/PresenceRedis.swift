import Actors

/// The Redis that holds presence, and what most calls to it name.
struct PresenceRedis: Sendable {
    /// The most keys or members that one command names.
    static let chunk = 512
    /// The most commands that go together: a connection takes only so many before it has answered.
    private static let commandsAtOnce = 4_096
    private static let timeLimit = Duration.seconds(2)
    /// How long calls wait, one time after the other, whose keys are on their way from one server of a cluster to another.
    private static let pauses: [Duration] = [.milliseconds(20), .milliseconds(80), .milliseconds(300)]
    /// How long a reaper that is heard no more keeps others away, in milliseconds.
    static let reaperLock = "2000"
    /// In milliseconds.
    static let leaseLifetime = String(LeaseState.Timing.lifetime.milliseconds)

    let executor: any RedisExecutor
    let keys: PresenceKeys
    let identity: InstanceIdentity
    /// In seconds.
    let expiry: String
    let time: any TimeSource

    func run(_ call: PresenceCall) async throws(PresenceError) -> RedisReply {
        try await run([call])[0]
    }

    /// Runs calls in one go; those that a server of a cluster can't take yet, as it moves their keys, are tried again a few times.
    ///
    /// - Returns: an answer a call; an error where it is about what is stored under the call's keys.
    @discardableResult
    func run(_ calls: [PresenceCall]) async throws(PresenceError) -> [RedisReply] {
        var replies = try await attempt(calls)
        for pause in Self.pauses {
            let refused = replies.indices.filter { replies[$0].errorCode == "TRYAGAIN" }
            if refused.isEmpty { break }
            do {
                try await time.sleep(for: pause)
            } catch {
                throw PresenceError(.unavailable, "cancelled")
            }
            let again = try await attempt(refused.map { calls[$0] })
            for (index, reply) in zip(refused, again) { replies[index] = reply }
        }
        for reply in replies {
            guard let code = reply.errorCode, !Self.isAboutOneKey(code) else { continue }
            throw PresenceError(.unavailable, "Redis answered \(code)")
        }
        return replies
    }

    /// Scripts that Redis doesn't know are given to it once more with their text.
    private func attempt(_ calls: [PresenceCall]) async throws(PresenceError) -> [RedisReply] {
        var replies = try await execute(calls.map(\.command))
        let unknown = replies.indices.filter { replies[$0].errorCode == "NOSCRIPT" && calls[$0].fallback != nil }
        if !unknown.isEmpty {
            let again = try await execute(unknown.compactMap { calls[$0].fallback })
            for (index, reply) in zip(unknown, again) { replies[index] = reply }
        }
        return replies
    }

    private func execute(_ commands: [RedisCommand]) async throws(PresenceError) -> [RedisReply] {
        var replies: [RedisReply] = []
        do {
            for commands in commands.chunks(of: Self.commandsAtOnce) {
                replies += try await executor.execute(commands, within: Self.timeLimit)
            }
        } catch {
            throw PresenceError(.unavailable, error.message)
        }
        return replies
    }

    /// Whether trying again can't help, as something else is stored where presence should be.
    private static func isAboutOneKey(_ code: String) -> Bool {
        code == "WRONGTYPE" || code == "ERR"
    }
}

// Strings of several keys.
extension PresenceRedis {
    /// Reads strings: many with a command, or each with its own where they may be in several slots.
    func reads(of keys: [String]) -> [PresenceCall] {
        switch self.keys.layout {
        case .single: keys.chunks(of: Self.chunk).map { PresenceCall("MGET", $0) }
        case .cluster: keys.map { PresenceCall("GET", [$0]) }
        }
    }

    func reads(of users: [UserID]) -> [PresenceCall] {
        reads(of: users.map { keys.presence(of: $0.description) })
    }

    /// What `reads` has brought, without what wasn't there.
    static func strings(in replies: some Sequence<RedisReply>) -> [[UInt8]] {
        replies.flatMap { $0.parts ?? [$0] }.compactMap { reply in
            if case .bulk(let bytes) = reply { bytes } else { nil }
        }
    }

    static func records(in replies: some Sequence<RedisReply>) -> [UserID: PresenceRecord] {
        var records: [UserID: PresenceRecord] = [:]
        for bytes in strings(in: replies) {
            if let record = PresencePayload.record(bytes) { records[record.userID] = record }
        }
        return records
    }
}

// The keys that scripts get.
extension PresenceRedis {
    var ownLease: String { PresenceKeys.lease(of: identity.instanceID) }
    var ownUsers: String { PresenceKeys.users(of: identity.instanceID) }

    /// The two keys of a user.
    func keys(of user: String) -> [String] {
        [keys.sockets(of: user), keys.presence(of: user)]
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
