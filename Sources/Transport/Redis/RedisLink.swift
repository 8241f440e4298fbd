import NIOCore

/// The bus's two connections: one for commands, one that is subscribed. Where one ends, the other is of no use.
final class RedisLink: Sendable {
    let commands: RedisConnection
    private let subscription: RedisConnection

    private init(commands: RedisConnection, subscription: RedisConnection) {
        self.commands = commands
        self.subscription = subscription
    }

    /// The most channels that one `SUBSCRIBE` names.
    private static let batchSize = 512

    /// Connects twice to the primary and subscribes; returns when the last subscription is confirmed.
    ///
    /// - Parameters:
    ///   - patterns: what is subscribed to besides, as patterns.
    ///   - shards: what is subscribed to besides, as sharded channels.
    ///   - timeout: for each step.
    ///   - receive: called on the event loop for what the subscription brings, from the first confirmed channel on.
    static func open(
        _ configuration: RedisConfiguration,
        name: String,
        channels: [String],
        patterns: [String] = [],
        shards: [String] = [],
        on eventLoop: any EventLoop,
        timeout: Duration,
        receive: @escaping @Sendable (SubscriptionEvent) -> Void
    ) async throws(RedisError) -> RedisLink {
        let (commands, endpoint) = try await RedisConnection.openPrimary(configuration, name: name, on: eventLoop, timeout: timeout)
        do throws(RedisError) {
            let subscription = try await RedisConnection.open(
                configuration,
                at: endpoint,
                name: "\(name)-subscription",
                on: eventLoop,
                timeout: timeout,
                receive: receive
            )
            let link = RedisLink(commands: commands, subscription: subscription)
            do throws(RedisError) {
                for (kind, names) in [(SubscriptionKind.channels, channels), (.patterns, patterns), (.shards, shards)] {
                    for batch in names.chunks(of: batchSize) {
                        try await subscription.subscribe(to: batch, kind, within: timeout)
                    }
                }
            } catch {
                subscription.close()
                throw error
            }
            return link
        } catch {
            commands.close()
            throw error
        }
    }

    /// Changes what is subscribed to. To be called on the event loop; each channel's answer comes to `receive`.
    func change(_ command: SubscriptionCommand, _ kind: SubscriptionKind = .channels) {
        switch command {
        case .subscribe(let channels): subscription.change(.subscribe(channels, kind))
        case .unsubscribe(let channels): subscription.change(.unsubscribe(channels, kind))
        }
    }

    /// Waits until one connection has ended; the reason. A cancelled task closes both.
    func waitUntilClosed() async -> RedisError {
        let first = commands.eventLoop.makePromise(of: RedisError.self)
        commands.closed.cascadeSuccess(to: first)
        subscription.closed.cascadeSuccess(to: first)
        return await withTaskCancellationHandler {
            (try? await first.futureResult.get()) ?? .closed
        } onCancel: {
            close()
        }
    }

    func close() {
        commands.close()
        subscription.close()
    }

    /// Closes the link where an answer says that the server became a replica: what it is told from then on, nobody else hears.
    func leaveReplica(_ replies: [RedisReply]) {
        if replies.contains(where: { $0.errorCode == "READONLY" }) { commands.close(because: .replica) }
    }
}
