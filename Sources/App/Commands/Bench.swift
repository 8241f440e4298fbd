import ArgumentParser
import Foundation
import Glibc
import LocalCluster
import NIOCore
import NIOPosix
import Transport

/// Measures servers of its own on this machine.
struct Bench: AsyncParsableCommand {
    enum Scenario: String, CaseIterable, ExpressibleByArgument {
        case idle
        case durable
        case dm
        case cluster
        case fanout
        case micro
        case start
        case drain
        case reconnect
        case reconcile
        case costs
        case all
    }

    static let configuration = CommandConfiguration(
        abstract: "Measure servers that it starts, beside bare SQLite, bare MongoDB and bare Redis.",
        discussion: """
            idle: memory of connections that do nothing, and how fast they come. durable: direct messages in a closed loop on one instance, \
            on SQLite and, where a MongoDB server can be started, on MongoDB. dm: direct messages at a fixed rate from one \
            instance to another. cluster: members of shared channels, and people who write to each other, at a fixed rate over several \
            instances; every message must come to everybody whom it is for, once and in order. \
            fanout: one channel with all its members on another instance than the sender, by the client protocol and \
            by Socket.IO, beside other servers. \
            micro: the small steps that happen for every message, alone. start: the time until an instance listens. \
            reconnect: sessions that all come back at once, each with a SYNC. reconcile: a round of the reconciler. \
            drain, which is not among all: an instance is told to stop while people write, who go on at \
            another one without missing anything. costs, nor among all: what each thing costs, for switchboard capacity. Figures count for this machine, with the load client on \
            the same cores; a goal is judged by the median of the runs. Build it for release.
            """
    )

    @Argument(help: "What to measure: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")).")
    var scenario: Scenario = .all

    @Option(help: "Connections of idle and of reconnect.")
    var connections = 5_000

    @Option(help: "Clients of durable; may be given more than once.")
    var clients: [Int] = [50, 500]

    @Option(help: "Messages a second of dm; may be given more than once.")
    var rate: [Int] = [200, 1_000]

    @Option(help: "Instances of cluster.")
    var instances = 3

    @Option(help: "Users of cluster, each with one connection.")
    var users = 300

    @Option(help: "People of drain, each with one connection, all of them on the instance that stops.")
    var sessions = 1_000

    @Option(help: "DRAIN_SECONDS of drain.")
    var drainSeconds = 20

    @Option(help: "Who hears what between the instances of cluster: broadcast, targeted; may be given more than once.")
    var routing: [BusRouting] = [.broadcast]

    @Option(help: "Members of fanout's channel.")
    var subscribers = 200

    @Option(help: "How many messages of fanout are under way at once; may be given more than once.")
    var depth: [Int] = [8]

    @Option(help: "The folder with the servers that fanout is compared with: Benchmarks/peers. None without it.")
    var peers: String?

    @Option(help: "The step of micro to measure: \(MicroBenchmark.all.map(\.name).joined(separator: ", ")).")
    var only: String?

    @Option(help: "Measure durable, cluster, reconnect and reconcile on this database alone: sqlite, mongodb. The others use sqlite.")
    var db: BenchDatabase.Kind?

    @Option(help: "How long each measurement takes, without its warming up.")
    var seconds = 10

    @Option(help: "How often all of it is done.")
    var runs = 1

    @Option(help: "A file for the figures, as JSON.")
    var json: String?

    func validate() throws {
        guard ([connections, seconds, runs, instances, subscribers, drainSeconds] + clients + rate + depth).allSatisfy({ $0 > 0 }) else {
            throw ValidationError("Numbers must be greater than 0.")
        }
        guard !steps.isEmpty else {
            throw ValidationError("--only names one of \(MicroBenchmark.all.map(\.name).joined(separator: ", ")).")
        }
        guard users >= 3, sessions >= 3 else { throw ValidationError("cluster needs 3 users or more, drain 3 sessions.") }
        guard db != .mongodb || [.durable, .cluster, .reconnect, .reconcile, .all].contains(scenario) else {
            throw ValidationError("--db mongodb goes with durable, cluster, reconnect and reconcile.")
        }
    }

    func run() async throws {
        raiseFileLimit()
        // One thread: the servers need the others more.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var table = FigureTable()
        do {
            for run in 1...runs {
                for measurement in measurements(group) {
                    note("\(measurement.name)\(runs > 1 ? ", run \(run) of \(runs)" : "")")
                    table.add(try await measurement.run())
                }
            }
        } catch let error as BenchFailure {
            table.add(error.figures)
            print(table.lines.joined(separator: "\n"))
            throw ExitError(.failure, error.description)
        }
        try await group.shutdownGracefully()
        print(table.lines.joined(separator: "\n"))
        guard let json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(table.figures).write(to: URL(filePath: json))
    }

    private struct Measurement {
        let name: String
        let run: @Sendable () async throws -> [Figure]
    }

    private func measurements(_ group: any EventLoopGroup) -> [Measurement] {
        let duration = Duration.seconds(seconds)
        var list: [Measurement] = []
        let usesSQLite = db != .mongodb
        if (scenario == .idle || scenario == .all) && usesSQLite {
            let idle = IdleBenchmark(connections: connections, group: group)
            list.append(Measurement(name: "idle, \(connections) connections", run: idle.run))
        }
        if (scenario == .durable || scenario == .all) && usesSQLite {
            for (clients, isDelivered) in clients.map({ ($0, false) }) + clients.prefix(1).map({ ($0, true) }) {
                let durable = DurableBenchmark(clients: clients, recipientsAreConnected: isDelivered, duration: duration, group: group)
                let name = "durable, \(clients) clients\(isDelivered ? ", recipients connected" : "")"
                list.append(Measurement(name: name, run: durable.run))
            }
        }
        if scenario == .durable || scenario == .all { list += mongoMeasurements(duration, group) }
        if (scenario == .dm || scenario == .all) && usesSQLite {
            for rate in rate {
                let direct = DirectMessageBenchmark(rate: rate, duration: duration, group: group)
                list.append(Measurement(name: "dm, \(rate) messages a second", run: direct.run))
            }
        }
        if scenario == .cluster || scenario == .all { list += clusterMeasurements(duration, group) }
        if scenario == .reconnect || scenario == .all {
            let reconnect = ReconnectBenchmark(sessions: connections, group: group, database: db ?? .sqlite)
            list.append(Measurement(name: "reconnect, \(connections) sessions", run: reconnect.run))
        }
        if scenario == .reconcile || scenario == .all {
            let reconcile = ReconcileBenchmark(database: db ?? .sqlite, rounds: max(5, 5 * seconds))
            list.append(Measurement(name: "reconcile", run: reconcile.run))
        }
        if (scenario == .fanout || scenario == .all) && usesSQLite {
            for depth in depth {
                let fanout = FanoutBenchmark(
                    subscribers: subscribers,
                    depth: depth,
                    duration: duration,
                    group: group,
                    kinds: FanoutServers.Kind.allCases.filter { peers != nil || !$0.isPeer },
                    peers: peers ?? ""
                )
                list.append(Measurement(name: "fanout, \(subscribers) members, \(depth) messages under way", run: fanout.run))
            }
        }
        if (scenario == .start || scenario == .all) && usesSQLite {
            list.append(Measurement(name: "start", run: StartBenchmark().run))
        }
        if (scenario == .micro || scenario == .all) && usesSQLite {
            let duration = min(duration, .seconds(2))
            list += steps.map { step in Measurement(name: "micro, \(step.name)") { [try step.figure(for: duration)] } }
        }
        if scenario == .costs && usesSQLite {
            list.append(Measurement(name: "costs", run: CostsBenchmark(duration: duration, group: group).run))
        }
        if scenario == .drain && usesSQLite {
            list.append(Measurement(name: "drain, \(sessions) sessions", run: DrainBenchmark(sessions: sessions, window: drainSeconds).run))
        }
        if [.durable, .dm, .all].contains(scenario) && usesSQLite {
            list.append(Measurement(name: "bare SQLite", run: BareCommits(duration: min(duration, .seconds(3))).run))
        }
        return list
    }

    private var steps: [MicroBenchmark] {
        MicroBenchmark.all.filter { only == nil || $0.name == only }
    }

    private func clusterMeasurements(_ duration: Duration, _ group: any EventLoopGroup) -> [Measurement] {
        routing.map { routing in
            let cluster = ClusterBenchmark(
                instances: instances,
                users: users,
                routing: routing,
                duration: duration,
                group: group,
                database: db ?? .sqlite
            )
            return Measurement(name: "cluster, \(users) users on \(instances) instances, \(routing.rawValue)", run: cluster.run)
        }
    }

    private func mongoMeasurements(_ duration: Duration, _ group: any EventLoopGroup) -> [Measurement] {
        guard db != .sqlite else { return [] }
        guard db == .mongodb || MongoServer.isAvailable else {
            note("MongoDB is left out: no server of it is here")
            return []
        }
        return clients.flatMap { clients in
            let durable = DurableBenchmark(
                clients: clients,
                recipientsAreConnected: false,
                duration: duration,
                group: group,
                database: .mongodb
            )
            let shared = SharedConversationBenchmark(sends: clients, duration: duration, group: group)
            return [
                Measurement(name: "durable on MongoDB, \(clients) clients", run: durable.run),
                Measurement(name: "durable on MongoDB, \(clients) sends at once into one conversation", run: shared.run),
            ]
        }
    }

    private func note(_ text: String) {
        LogSink.write(Array("==> \(text)\n".utf8), to: STDERR_FILENO)
    }

    /// Each connection is a file descriptor, here and in the servers, which inherit the limit.
    private func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

extension BusRouting: ExpressibleByArgument {}
