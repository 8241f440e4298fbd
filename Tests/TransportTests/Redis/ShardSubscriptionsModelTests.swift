import Actors
import TestSupport
import Testing
import Transport

@Suite("Sharded channels are heard where they should be, in whatever order things happen")
struct ShardSubscriptionsModelTests {
    private typealias Endpoint = RedisConfiguration.Endpoint

    /// Servers that answer as those of a Redis Cluster do, one command and one reply at a time.
    private struct Cluster {
        let endpoints = (0..<3).map { Endpoint.tcp(host: "server", port: 1 + $0) }
        var owners: [HashSlot: Endpoint] = [:]
        var subscribed: [Endpoint: Set<String>] = [:]
        var commands: [Endpoint: [SubscriptionCommand]] = [:]
        var replies: [Endpoint: [ShardReply]] = [:]

        /// The slot's channels are taken away from whoever has them.
        mutating func move(_ slot: HashSlot, to endpoint: Endpoint) {
            guard let old = owners[slot], old != endpoint else { return }
            owners[slot] = endpoint
            for channel in subscribed[old, default: []].filter({ HashSlot(of: $0) == slot }).sorted() {
                subscribed[old]?.remove(channel)
                replies[old, default: []].append(.unsubscribed(channel))
            }
        }

        mutating func carryOut(at endpoint: Endpoint) {
            guard let command = commands[endpoint]?.first else { return }
            commands[endpoint]?.removeFirst()
            let (channels, isToSubscribe) =
                switch command {
                case .subscribe(let channels): (channels, true)
                case .unsubscribe(let channels): (channels, false)
                }
            let slot = HashSlot(of: channels[0])
            if let owner = owners[slot], owner != endpoint {
                replies[endpoint, default: []].append(.refused(.error("MOVED \(slot.number) \(owner)")))
                if !isToSubscribe { replies[endpoint]?.append(.pong) }
                return
            }
            for channel in channels {
                if isToSubscribe {
                    subscribed[endpoint, default: []].insert(channel)
                } else {
                    subscribed[endpoint]?.remove(channel)
                }
                replies[endpoint, default: []].append(isToSubscribe ? .subscribed(channel) : .unsubscribed(channel))
            }
            if !isToSubscribe { replies[endpoint]?.append(.pong) }
        }

        var isQuiet: Bool { commands.values.allSatisfy(\.isEmpty) && replies.values.allSatisfy(\.isEmpty) }
    }

    /// The bookkeeping, and what a link does with it.
    private struct Link {
        var shards = ShardSubscriptions()
        var slots: RedisSlots
        var failure: RedisError?
        /// How often a channel's change is still to be told.
        var owed: [String: Int] = [:]

        mutating func change(_ command: SubscriptionCommand, _ channels: [String], _ cluster: inout Cluster) {
            for channel in channels { owed[channel, default: 0] += 1 }
            act(on: shards.change(command, slots), &cluster)
        }

        mutating func read(from endpoint: Endpoint, _ cluster: inout Cluster) {
            guard let reply = cluster.replies[endpoint]?.first else { return }
            cluster.replies[endpoint]?.removeFirst()
            act(on: shards.told(reply, by: endpoint, slots), &cluster)
        }

        private mutating func act(on actions: [ShardSubscriptions.Action], _ cluster: inout Cluster) {
            for action in actions {
                switch action {
                case .send(let command, let endpoint): cluster.commands[endpoint, default: []].append(command)
                case .changed(let channel): owed[channel, default: 0] -= 1
                case .interrupted(let channel): owed[channel, default: 0] += 1
                case .learn(let redirection): slots.assign(redirection.slot, to: redirection.endpoint)
                case .fail(let error): failure = error
                }
            }
        }
    }

    @Test func everyRunEndsWithWhatIsWanted() throws {
        let channels = ["{a}1", "{a}2", "{a}3", "{b}1", "{b}2", "{c}1"]
        let moving = ["a", "b", "c"].map { HashSlot(of: $0) }
        let first = RedisReply.array([.bulk(Array("server".utf8)), .integer(1)])
        let slots = try RedisSlots(.array([.array([.integer(0), .integer(16_383), first])]), from: .tcp(host: "server", port: 1))
        for seed in 1...400 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var cluster = Cluster()
            for slot in moving { cluster.owners[slot] = cluster.endpoints[0] }
            var link = Link(slots: slots)
            var wanted: Set<String> = []
            for _ in 0..<300 {
                let endpoint = cluster.endpoints[Int.random(in: 0..<3, using: &generator)]
                switch Int.random(in: 0..<20, using: &generator) {
                case 0:
                    cluster.move(moving[Int.random(in: 0..<3, using: &generator)], to: endpoint)
                case 1...5:
                    let chosen = channels.filter { _ in Bool.random(using: &generator) }
                    let isWanted = Bool.random(using: &generator)
                    if isWanted { wanted.formUnion(chosen) } else { wanted.subtract(chosen) }
                    link.change(isWanted ? .subscribe(chosen) : .unsubscribe(chosen), chosen, &cluster)
                case 6...12: cluster.carryOut(at: endpoint)
                default: link.read(from: endpoint, &cluster)
                }
            }
            while !cluster.isQuiet {
                for endpoint in cluster.endpoints {
                    cluster.carryOut(at: endpoint)
                    link.read(from: endpoint, &cluster)
                }
            }
            #expect(link.failure == nil)
            #expect(link.shards.isSettled)
            #expect(link.owed.values.allSatisfy { $0 == 0 }, "seed \(seed): \(link.owed)")
            for endpoint in cluster.endpoints {
                let expected = wanted.filter { cluster.owners[HashSlot(of: $0)] == endpoint }
                #expect(cluster.subscribed[endpoint, default: []] == expected, "seed \(seed)")
            }
        }
    }
}
