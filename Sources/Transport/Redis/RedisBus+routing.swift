package import Actors
import NIOCore
import Synchronization

extension RedisBus {
    package func follow(_ topic: BusTopic) async {
        guard options.routing == .targeted else { return }
        let waiting = core.withLock { $0.subscriptions.follow(topic) { BusSignal() } }
        changeSubscriptionsSoon()
        guard let waiting else { return }
        await waiting.waiter.wait(atMost: options.followTimeout, time)
        core.withLock { $0.subscriptions.giveUp(waiting.id, on: topic) }
    }

    package func unfollow(_ topic: BusTopic) {
        guard options.routing == .targeted else { return }
        for waiter in core.withLock({ $0.subscriptions.unfollow(topic) }) { waiter.fire() }
        changeSubscriptionsSoon()
    }

    /// On the event loop, where commands are written in the order in which they are made.
    func changeSubscriptionsSoon() {
        eventLoop.execute {
            let (link, commands) = self.core.withLock { core in
                guard let link = core.outgoing.link else { return (RedisLink?.none, [BusSubscriptions<BusSignal>.Command]()) }
                return (link, core.subscriptions.nextCommands())
            }
            guard let link else { return }
            for command in commands { link.change(command, self.isClustered ? .shards : .channels) }
        }
    }

    /// Redis has confirmed that a channel is subscribed to, or is no longer. On the link's event loop.
    func subscriptionAnswered(channel: String) {
        let (waiters, late) = core.withLock { $0.subscriptions.answered(channel) }
        for waiter in waiters { waiter.fire() }
        if let late { tellLate([late]) }
    }

    /// Says of topics that something may have been missed. Where nobody takes it in, everything may have been.
    func tellLate(_ topics: [BusTopic]) {
        for topic in topics {
            if case .dropped = late.yield(topic) { overflow.fire() }
        }
    }

    /// Whether the event is to be delivered: one that is published for two people comes twice where both are followed.
    func isNew(_ delivery: BusDelivery) -> Bool {
        guard options.routing == .targeted else { return true }
        switch delivery.event {
        case .message, .chat: return core.withLock { $0.recentIDs.insert(delivery.eventID) }
        case .kick, .presence: return true
        }
    }

    /// Says once that another instance routes in another way.
    func compareRouting(_ routing: BusRouting?, of origin: InstanceIdentity) {
        guard routing != options.routing else { return }
        let isNews = core.withLock { core in
            defer { core.hasToldRouting = true }
            return !core.hasToldRouting
        }
        if isNews { log.routingMismatch(own: options.routing, other: routing, of: origin) }
    }
}
