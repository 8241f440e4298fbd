import Synchronization

extension RedisBus {
    /// As the other, for one command.
    package func execute(_ command: RedisCommand, within limit: Duration = .seconds(2)) async throws(RedisError) -> RedisReply {
        try await execute([command], within: limit)[0]
    }

    /// Sends commands over the bus's connection for commands in one go; in a cluster each to the server that has its key.
    ///
    /// - Parameter limit: how long to wait for each answer.
    /// - Returns: an answer a command, in the same order; an error that Redis answers is one too.
    /// - Throws: `.unavailable` at once while the bus is down; where one command fails, all do.
    package func execute(_ commands: [RedisCommand], within limit: Duration = .seconds(2)) async throws(RedisError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        guard let link = core.withLock({ $0.outgoing.link }) else { throw RedisError(.unavailable, "Redis is not connected") }
        let replies = try await link.send(commands, within: limit)
        link.leaveReplica(replies)
        return replies
    }
}
