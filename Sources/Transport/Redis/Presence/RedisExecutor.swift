/// Whatever sends commands to Redis and brings the answers: the bus, and in tests what stands before it.
package protocol RedisExecutor: Sendable {
    /// Sends commands in one go.
    ///
    /// - Parameter limit: how long to wait for each answer.
    /// - Returns: an answer a command, in the same order; an error that Redis answers is one too.
    /// - Throws: where one command fails, all do, and some may have been carried out.
    func execute(_ commands: [RedisCommand], within limit: Duration) async throws(RedisError) -> [RedisReply]
}

extension RedisBus: RedisExecutor {}
