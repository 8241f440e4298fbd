import LocalCluster
import MicroSteps
import NIOCore
import Transport

/// What is measured for which arguments.
extension Bench {
    struct Measurement {
        let name: String
        let run: @Sendable () async throws -> [Figure]

        init(_ name: String, _ run: @escaping @Sendable () async throws -> [Figure]) {
            self.name = name
            self.run = run
        }
    }

    func measurements(_ group: any EventLoopGroup) -> [Measurement] {
        let wanted: [(Scenario, (any EventLoopGroup) -> [Measurement])] = [
            (.idle, idle), (.durable, durable), (.dm, directMessages), (.channels, channels), (.cluster, cluster),
            (.reconnect, reconnect), (.reconcile, reconcile), (.fanout, fanout), (.start, start), (.image, image), (.micro, micro),
            (.drain, drain), (.costs, costs),
        ]
        let mongo: [Scenario] = [.durable, .dm, .cluster, .reconnect, .reconcile]
        let others: [Scenario] = [.drain, .costs]
        return wanted.filter { $0.0 == scenario || scenario == .all && !others.contains($0.0) && (db != .mongodb || mongo.contains($0.0)) }
            .flatMap { $0.1(group) }
    }

    var steps: [MicroStep] {
        MicroStep.all.filter { only == nil || $0.name == only }
    }

    private var duration: Duration { .seconds(seconds) }

    private func idle(_ group: any EventLoopGroup) -> [Measurement] {
        let own = [connections, manyConnections].filter { $0 > 0 }.map { connections in
            Measurement("idle, \(connections) connections", IdleBenchmark(connections: connections).run)
        }
        guard let peers else { return own }
        let others = IdlePeersBenchmark(connections: connections, group: group, peers: peers)
        return own + [Measurement("idle, \(connections) connections to other servers", others.run)]
    }

    private func durable(_ group: any EventLoopGroup) -> [Measurement] {
        guard db != .mongodb else { return durableOnMongo(group) }
        let cases = clients.map { ($0, false) } + clients.prefix(1).map { ($0, true) }
        let own = cases.map { clients, isDelivered in
            let durable = DurableBenchmark(clients: clients, recipientsAreConnected: isDelivered, duration: duration, group: group)
            return Measurement("durable, \(clients) clients\(isDelivered ? ", recipients connected" : "")", durable.run)
        }
        let bare = Measurement("bare SQLite", BareCommits(duration: min(duration, .seconds(3))).run)
        return own + [bare] + (isMeasured(.mongodb) ? durableOnMongo(group) : [])
    }

    private func durableOnMongo(_ group: any EventLoopGroup) -> [Measurement] {
        clients.flatMap { clients in
            let durable = DurableBenchmark(
                clients: clients,
                recipientsAreConnected: false,
                duration: duration,
                group: group,
                database: .mongodb
            )
            let shared = SharedConversationBenchmark(sends: clients, duration: duration, group: group)
            return [
                Measurement("durable on MongoDB, \(clients) clients", durable.run),
                Measurement("durable on MongoDB, \(clients) sends at once into one conversation", shared.run),
            ]
        }
    }

    private func directMessages(_ group: any EventLoopGroup) -> [Measurement] {
        let own = [BenchDatabase.Kind.sqlite, .mongodb].filter(isMeasured).flatMap { kind in
            rates(on: kind).map { rate in
                let direct = DirectMessageBenchmark(rate: rate, duration: duration, group: group, database: kind)
                return Measurement("dm on \(kind.rawValue), \(rate) messages a second", direct.run)
            }
        }
        guard let peers, db != .mongodb else { return own }
        let others = rates(on: .sqlite).map { rate in
            let others = DirectMessagePeersBenchmark(rate: rate, duration: duration, group: group, peers: peers)
            return Measurement("dm, \(rate) messages a second by other servers", others.run)
        }
        return own + others
    }

    private func rates(on kind: BenchDatabase.Kind) -> [Int] {
        rate.isEmpty ? (kind == .sqlite ? [200, 1_000] : [50]) : rate
    }

    /// Whether a database is among those that are asked for and can be had; what is left out is told.
    private func isMeasured(_ kind: BenchDatabase.Kind) -> Bool {
        guard db == nil || db == kind else { return false }
        guard kind == .mongodb, db == nil, !MongoServer.isAvailable else { return true }
        note("MongoDB is left out: no server of it is here")
        return false
    }

    private func channels(_ group: any EventLoopGroup) -> [Measurement] {
        let benchmark = ChannelsBenchmark(
            channels: channels,
            people: max(50, channels),
            duration: duration,
            group: group,
            kinds: [.switchboard] + (peers == nil ? [] : FanoutServers.Kind.peers),
            peers: peers ?? ""
        )
        return [Measurement("channels, a busy one beside \(channels) idle ones", benchmark.run)]
    }

    private func cluster(_ group: any EventLoopGroup) -> [Measurement] {
        let counts = instances.map { "\($0)" }.joined(separator: ", ")
        return routing.map { routing in
            let cluster = ClusterBenchmark(
                instances: instances,
                users: users,
                traffic: traffic,
                routing: routing,
                duration: duration,
                group: group,
                database: db ?? .sqlite
            )
            return Measurement("cluster, \(users) users on each of \(counts) instances, \(routing.rawValue)", cluster.run)
        }
    }

    private func reconnect(_ group: any EventLoopGroup) -> [Measurement] {
        let reconnect = ReconnectBenchmark(sessions: connections, group: group, database: db ?? .sqlite)
        return [Measurement("reconnect, \(connections) sessions", reconnect.run)]
    }

    private func reconcile(_ group: any EventLoopGroup) -> [Measurement] {
        let reconcile = ReconcileBenchmark(database: db ?? .sqlite, rounds: max(5, 5 * seconds))
        return [Measurement("reconcile", reconcile.run)]
    }

    private func fanout(_ group: any EventLoopGroup) -> [Measurement] {
        depth.map { depth in
            let fanout = FanoutBenchmark(
                subscribers: subscribers,
                depth: depth,
                duration: duration,
                group: group,
                kinds: FanoutServers.Kind.allCases.filter { peers != nil || !$0.isPeer },
                peers: peers ?? ""
            )
            return Measurement("fanout, \(subscribers) members, \(depth) messages under way", fanout.run)
        }
    }

    private func start(_ group: any EventLoopGroup) -> [Measurement] {
        [Measurement("start", StartBenchmark().run)]
            + (peers.map { [Measurement("start of other servers", StartPeersBenchmark(peers: $0).run)] } ?? [])
    }

    private func image(_ group: any EventLoopGroup) -> [Measurement] {
        images.map { [Measurement("image", ImageBenchmark(folder: $0).run)] } ?? []
    }

    private func micro(_ group: any EventLoopGroup) -> [Measurement] {
        steps.map { Measurement("micro, \($0.name)", MicroBenchmark(step: $0, duration: min(duration, .seconds(1))).run) }
    }

    private func drain(_ group: any EventLoopGroup) -> [Measurement] {
        [Measurement("drain, \(sessions) sessions", DrainBenchmark(sessions: sessions, window: drainSeconds).run)]
    }

    private func costs(_ group: any EventLoopGroup) -> [Measurement] {
        [Measurement("costs", CostsBenchmark(duration: duration, group: group).run)]
    }
}
