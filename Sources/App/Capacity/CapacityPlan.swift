import Transport

/// What a workload needs: how many instances, how much of Redis, how large a store; and what would be the first to be too small.
struct CapacityPlan: Sendable {
    /// What an instance does with its processor time.
    enum Part: String, CaseIterable, Sendable {
        case sending = "messages sent"
        case delivering = "deliveries"
        case hearing = "hints for nobody here"
        case reconciling = "the reconciler"
        case connecting = "connections that come and go"
        case heartbeats = "heartbeats"
    }

    /// What decides how many instances there are.
    enum Bound: String, Sendable {
        case processor = "processor time"
        case memory = "memory"
        case connections = "connections"
    }

    let load: ClusterLoad
    let costs: Costs
    let size: InstanceSize

    /// More than so many instances are not planned in one cluster: the routing was simulated with no more.
    static let mostInstances = 1_000

    /// The smallest cluster that carries the workload; nil where none of at most `mostInstances` does.
    static func smallest(_ workload: Workload, _ routing: BusRouting, costs: Costs, size: InstanceSize) -> CapacityPlan? {
        let plan = { (instances: Int) in
            let load = ClusterLoad(workload: workload, instances: Double(instances), routing: routing)
            return CapacityPlan(load: load, costs: costs, size: size)
        }
        // With each instance more each has less to do.
        guard plan(mostInstances).isEnough else { return nil }
        var (low, high) = (1, mostInstances)
        while low < high {
            let middle = (low + high) / 2
            if plan(middle).isEnough { high = middle } else { low = middle + 1 }
        }
        return plan(low)
    }

    /// The fewest clusters, each with an equal share of the people and nothing in common with the others, that carry the workload.
    static func fewest(
        _ workload: Workload,
        _ routing: BusRouting,
        costs: Costs,
        size: InstanceSize
    ) -> (clusters: Int, each: CapacityPlan)? {
        var clusters = 1
        while clusters <= 1 << 20 {
            var part = workload
            part.connections = workload.connections / Double(clusters)
            if let plan = smallest(part, routing, costs: costs, size: size) { return (clusters, plan) }
            clusters *= 2
        }
        return nil
    }

    /// Cores of one instance that are busy.
    func cores(_ part: Part) -> Double {
        let workload = load.workload
        let microseconds =
            switch part {
            case .sending: workload.messages / load.instances * costs[.send]
            case .delivering:
                load.deliveredHints * costs[.hintDelivered] + max(0, load.deliveries - load.deliveredHints) * costs[.delivery]
            case .hearing: max(0, load.heardHints - load.deliveredHints) * costs[.hintForNobody]
            // Each instance is told of every conversation in the cluster that has changed.
            case .reconciling: workload.messages * costs[.change]
            case .connecting: workload.connects / load.instances * costs[.connect]
            case .heartbeats: workload.connections / load.instances / size.heartbeat * costs[.heartbeat]
            }
        return microseconds / 1_000_000
    }

    /// Cores of one instance that are busy in all.
    var cores: Double { Part.allCases.reduce(0) { $0 + cores($1) } }

    /// Bytes of one instance.
    var memory: Double { costs[.instanceMemory] + load.workload.connections / load.instances * costs[.connectionMemory] }

    var isEnough: Bool { bounds.allSatisfy { $0.use <= 1 } }

    /// What is used the most of what the plan may use.
    var bound: Bound { bounds.max { $0.use < $1.use }?.bound ?? .processor }

    private var bounds: [(bound: Bound, use: Double)] {
        [
            (.processor, cores / (size.cores * size.share)),
            (.memory, memory / size.memory),
            (.connections, load.workload.connections / load.instances / size.connections),
        ]
    }

    /// Cores that Redis is busy with: it has one.
    var redisCores: Double {
        let microseconds =
            load.publishes * costs[.redisPublish] + load.copies * costs[.redisCopy] + load.workload.connects * costs[.redisConnection]
        return microseconds / 1_000_000
    }

    /// Redis servers that share the publishing, where the channels are spread over them.
    var redisShards: Int { max(1, Int((redisCores / size.share).rounded(.up))) }

    /// Bytes.
    var redisMemory: Double { load.subscriptions * costs[.redisSubscription] }

    /// Rows that the reconcilers of all instances read a second.
    var reconciledRows: Double { load.workload.messages * load.instances }

    /// Bytes that a year's messages take.
    var storedAYear: Double { load.workload.messagesAYear * costs[.storedMessage] }
}

extension CapacityPlan {
    /// A part and with how many connections it is at its limit, everything else being large enough.
    struct Limit: Sendable {
        let part: String
        let connections: Double
    }

    /// Where each part of one cluster breaks, the first one first.
    static func limits(_ workload: Workload, _ routing: BusRouting, costs: Costs, size: InstanceSize) -> [Limit] {
        func largest(_ part: String, _ fits: (Double) -> Bool) -> Limit {
            var (low, high) = (1.0, 1e12)
            for _ in 0..<100 {
                let middle = (low * high).squareRoot()
                if fits(middle) { low = middle } else { high = middle }
            }
            return Limit(part: part, connections: low)
        }
        let each = workload.messages / workload.connections
        // The people of an instance as in the smallest cluster that needs more than one.
        func plan(_ connections: Double) -> CapacityPlan {
            var all = workload
            all.connections = connections
            let instances = smallest(all, routing, costs: costs, size: size)?.load.instances ?? Double(mostInstances)
            return CapacityPlan(load: ClusterLoad(workload: all, instances: instances, routing: routing), costs: costs, size: size)
        }
        return [
            largest("the one instance that there is") { plan($0).load.instances <= 1 },
            largest("the one writer of SQLite") { each * $0 <= costs[.durableRate] * size.share },
            largest("one Redis") { plan($0).redisCores <= size.share },
            largest("the reconciler, which takes half of what an instance may use") {
                plan($0).cores(.reconciling) <= size.cores * size.share / 2
            },
            largest("a cluster of \(mostInstances) instances") { plan($0).isEnough },
        ].sorted { $0.connections < $1.connections }
    }
}
