import Actors
import NIOCore

extension RedisLink {
    /// Waits until a connection has ended, or no probe comes back over the subscription; the reason. A cancelled task closes both.
    ///
    /// - Parameters:
    ///   - channel: where probes go; subscribed to.
    ///   - token: what a probe says.
    ///   - time: to wait with.
    ///   - limit: how long other connections may keep silent when they are asked.
    ///   - next: what to do now, and how long it is until the next question.
    ///   - refused: told the code of Redis' answer to a probe that it doesn't take.
    func watch(
        probing channel: String,
        token: String,
        time: any TimeSource,
        limit: Duration,
        next: @escaping @Sendable () -> (BusState.Probe, next: Duration),
        refused: @escaping @Sendable (String) -> Void
    ) async -> RedisError {
        await withTaskGroup(of: RedisError?.self) { group in
            group.addTask { await self.waitUntilClosed() }
            group.addTask { await self.probe(channel, token: token, time: time, limit: limit, next: next, refused: refused) }
            var reason: RedisError?
            for await ended in group where reason == nil {
                guard let ended else { continue }
                reason = ended
                group.cancelAll()
            }
            return reason ?? .closed
        }
    }

    /// Publishes probes; returns when none comes back, or nil when cancelled.
    private func probe(
        _ channel: String,
        token: String,
        time: any TimeSource,
        limit: Duration,
        next: @Sendable () -> (BusState.Probe, next: Duration),
        refused: @escaping @Sendable (String) -> Void
    ) async -> RedisError? {
        while true {
            let (action, delay) = next()
            switch action {
            case .lost: return RedisError(.timeout, "no probe came back in time")
            case .wait: break
            case .send:
                eventLoop.execute {
                    self.keepAlive(within: limit)
                    self.send(.publish(Array(token.utf8), to: channel)) { result in
                        guard case .success(let reply) = result, let code = reply.errorCode else { return }
                        refused(code)
                    }
                }
            }
            guard (try? await time.sleep(for: delay)) != nil else { return nil }
        }
    }
}
