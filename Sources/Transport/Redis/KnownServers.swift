import Actors

/// The servers of a cluster that were found there last, besides those that the settings name: all of these may be gone one day.
final class KnownServers: Sendable {
    private let last = Locked<[RedisConfiguration.Endpoint]>([])

    /// Whom to ask, each once: the named ones first.
    func all(with named: [RedisConfiguration.Endpoint]) -> [RedisConfiguration.Endpoint] {
        var seen: Set<RedisConfiguration.Endpoint> = []
        return (named + last.withLock { $0 }).filter { seen.insert($0).inserted }
    }

    func remember(_ slots: RedisSlots) {
        last.withLock { $0 = slots.primaries + slots.replicas }
    }
}
