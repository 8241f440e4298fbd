import Transport

/// Sends each command to the server of a cluster that has its slot, as the first one tells. A script with keys of several slots is refused.
struct RoutedExecutor: RedisExecutor {
    /// By their servers' ports; the first one is asked first.
    let buses: [(port: Int, bus: RedisBus)]

    func execute(_ commands: [RedisCommand], within limit: Duration) async throws(RedisError) -> [RedisReply] {
        var replies = try await buses[0].bus.execute(commands, within: limit)
        for (port, bus) in buses.dropFirst() {
            let elsewhere = replies.indices.filter { replies[$0].isMoved(to: port) }
            let answers = try await bus.execute(elsewhere.map { commands[$0] }, within: limit)
            for (index, answer) in zip(elsewhere, answers) { replies[index] = answer }
        }
        return replies
    }
}

extension RedisReply {
    fileprivate func isMoved(to port: Int) -> Bool {
        guard case .error(let text) = self else { return false }
        return text.hasPrefix("MOVED ") && text.hasSuffix(":\(port)")
    }
}
