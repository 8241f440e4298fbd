import Actors
import Transport

/// A cluster's routing without its servers: people who are connected to instances, what each instance follows for them, and where Redis sends
/// what they say. Topics and names are those of the program; `ClusterLoad` has to come to the same rates.
struct RoutingSimulation: Sendable {
    let instances: Int
    let usersEach: Int
    let workload: Workload
    let routing: BusRouting
    var messages = 20_000
    var seed: UInt64 = 1

    struct Result: Sendable {
        var publishes = 0
        var copies = 0
        var presenceEvents = 0
        var presenceCopies = 0
        /// Copies that each instance got, of messages and of presence.
        var heard: [Int]
        var subscriptions = 0
        /// Instances that had somebody whom a message is for, and did not hear of it.
        var missed = 0
        /// Copies for each of the hash slots of a Redis Cluster.
        var slots: [Int: Int] = [:]

        /// How much more the busiest of some hears than their average.
        var busiestInstance: Double { Self.busiest(heard.map(Double.init)) }

        func busiestShard(of shards: Int) -> Double {
            var load = [Double](repeating: 0, count: shards)
            for (slot, copies) in slots { load[slot * shards / HashSlot.count] += Double(copies) }
            return Self.busiest(load)
        }

        private static func busiest(_ loads: [Double]) -> Double {
            let mean = loads.reduce(0, +) / Double(loads.count)
            return mean > 0 ? (loads.max() ?? 0) / mean : 1
        }
    }

    func run() -> Result {
        var random = SplitMix64(seed: seed)
        let people = People(instances: instances, count: instances * usersEach, workload: workload, &random)
        let followers = followers(of: people)
        var result = Result(heard: Array(repeating: 0, count: instances))
        result.subscriptions = followers.values.reduce(0) { $0 + $1.count }
        for number in 0..<messages {
            let sender = Int.random(in: 0..<people.count, using: &random)
            let isDirect = Double.random(in: 0..<1, using: &random) < workload.directShare
            let (conversation, recipients) = isDirect ? people.direct(from: sender, &random) : people.channel(of: sender, &random)
            guard let event = people.message(number, from: sender, in: conversation) else { continue }
            let (publishes, copies, hearers) = publish(event, to: followers, &result)
            result.publishes += publishes
            result.copies += copies
            result.missed += Set(recipients.map { people.place[$0] }).subtracting(hearers).count
        }
        for number in 0..<messages {
            let (_, copies, _) = publish(people.presence(of: number % people.count), to: followers, &result)
            result.presenceEvents += 1
            result.presenceCopies += copies
        }
        return result
    }

    /// What Redis knows: the instances that are subscribed to each name.
    private func followers(of people: People) -> [String: [Int]] {
        var followers: [String: [Int]] = [:]
        for name in BusChannel.allCases.map(\.rawValue) { followers[name] = Array(0..<instances) }
        for instance in 0..<instances { followers[BusChannel.probe(of: "\(instance)")] = [instance] }
        guard routing == .targeted else { return followers }
        for (instance, topics) in people.topics().enumerated() {
            var subscriptions = TopicSubscriptions<BusTopic, Void>()
            for topic in topics { _ = subscriptions.follow(topic) {} }
            for name in subscriptions.beginSubscribing() { followers[name, default: []].append(instance) }
        }
        return followers
    }

    private func publish(
        _ event: BusEvent,
        to followers: [String: [Int]],
        _ result: inout Result
    ) -> (publishes: Int, copies: Int, hearers: Set<Int>) {
        let names = BusChannel.names(for: event, routing: routing)
        var hearers = Set<Int>()
        var copies = 0
        for name in names {
            let subscribed = followers[name] ?? []
            for instance in subscribed { result.heard[instance] += 1 }
            result.slots[HashSlot(of: name).number, default: 0] += subscribed.count
            copies += subscribed.count
            hearers.formUnion(subscribed)
        }
        return (names.count, copies, hearers)
    }
}
