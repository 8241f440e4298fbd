import ArgumentParser
import Foundation
import Glibc
import MicroSteps
import NIOCore
import NIOPosix
import Transport

/// Measures servers of its own on this machine.
struct Bench: AsyncParsableCommand {
    enum Scenario: String, CaseIterable, ExpressibleByArgument {
        case idle
        case durable
        case dm
        case channels
        case cluster
        case fanout
        case micro
        case start
        case image
        case drain
        case reconnect
        case reconcile
        case costs
        case all
    }

    static let configuration = CommandConfiguration(
        abstract: "Measure servers that it starts, beside bare SQLite, bare MongoDB, bare Redis and other servers.",
        discussion: """
            idle: memory of connections that do nothing, and how fast they come. durable: direct messages in a closed loop on one instance, \
            on SQLite and, where a MongoDB server can be started, on MongoDB. dm: direct messages at a fixed rate from one \
            instance to another. channels: what a busy channel costs beside many idle ones. cluster: people who talk in small circles, or \
            in channels with members everywhere, at a fixed rate over one instance, two and more; every message must come to everybody whom \
            it is for, once and in order. fanout: one channel with all its members on another instance than the sender, by the client \
            protocol and by Socket.IO. micro: the small steps that happen for every message, alone. start: the time until an instance \
            listens. image: what the container's image holds and its idle server takes; scripts/bench makes it. reconnect: sessions that all come back at once, each with a SYNC. reconcile: a round of the reconciler. \
            drain, which is not among all: an instance is told to stop while people write, who go on at \
            another one without missing anything. costs, nor among all: what each thing costs, for switchboard capacity. Figures count for this machine, with the load client on \
            the same cores; a goal is judged by the median of the runs. Build it for release.
            """
    )

    @Argument(help: "What to measure: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")).")
    var scenario: Scenario = .all

    @Option(help: "Connections of idle and of reconnect.")
    var connections = 5_000

    @Option(help: "Connections of a second measurement of idle; 0 leaves it out.")
    var manyConnections = 50_000

    @Option(help: "Clients of durable; may be given more than once.")
    var clients: [Int] = [50, 500]

    @Option(help: "Messages a second of dm; may be given more than once. 200 and 1000 by default, 50 on MongoDB.")
    var rate: [Int] = []

    @Option(help: "Idle channels of channels, and people who are in them.")
    var channels = 1_000

    @Option(help: "Instances of cluster; may be given more than once.")
    var instances: [Int] = [1, 2, 3, 5]

    @Option(help: "Users of cluster on each instance, each with one connection.")
    var users = 100

    @Option(help: "Who hears what between the instances of cluster: targeted, broadcast; may be given more than once.")
    var routing: [BusRouting] = [.targeted, .broadcast]

    @Option(help: "Who talks to whom in cluster: circles, of people of an instance and the next one, or spread, over all of them.")
    var traffic: ClusterPlan.Traffic = .circles

    @Option(help: "People of drain, each with one connection, all of them on the instance that stops.")
    var sessions = 1_000

    @Option(help: "DRAIN_SECONDS of drain.")
    var drainSeconds = 20

    @Option(help: "Members of fanout's channel.")
    var subscribers = 200

    @Option(help: "How many messages of fanout are under way at once; may be given more than once.")
    var depth: [Int] = [8]

    @Option(help: "The folder of the servers that idle, dm, fanout, channels and start are compared with: Benchmarks/peers.")
    var peers: String?

    @Option(help: "The folder of the images that image measures; scripts/bench makes it.")
    var images: String?

    @Option(help: "Why there is no such folder, for the table of goals.")
    var withoutImages: String?

    @Option(help: "The step of micro to measure: \(MicroStep.all.map(\.name).joined(separator: ", ")).")
    var only: String?

    @Option(help: "Measure durable, dm, cluster, reconnect and reconcile on this database alone: sqlite, mongodb. The others use sqlite.")
    var db: BenchDatabase.Kind?

    @Option(help: "How long each measurement takes, without its warming up.")
    var seconds = 5

    @Option(help: "How often all of it is done.")
    var runs = 1

    @Option(help: "A file for the figures, as JSON.")
    var json: String?

    @Option(help: "A page of Markdown whose tables are renewed; one that isn't there is made.")
    var markdown: String?

    func validate() throws {
        let numbers = [connections, seconds, runs, channels, subscribers, drainSeconds] + instances + clients + rate + depth
        guard numbers.allSatisfy({ $0 > 0 }), manyConnections >= 0 else {
            throw ValidationError("Numbers must be greater than 0.")
        }
        guard !steps.isEmpty else {
            throw ValidationError("--only names one of \(MicroStep.all.map(\.name).joined(separator: ", ")).")
        }
        guard users >= 3, sessions >= 3 else { throw ValidationError("cluster needs 3 users or more on an instance, drain 3 sessions.") }
        guard scenario != .image || images != nil else {
            throw ValidationError("image goes with --images. scripts/bench image makes the images.")
        }
        guard db != .mongodb || [.durable, .dm, .cluster, .reconnect, .reconcile, .all].contains(scenario) else {
            throw ValidationError("--db mongodb goes with durable, dm, cluster, reconnect and reconcile.")
        }
    }

    func run() async throws {
        // Each connection is a descriptor, here and in the servers, which inherit the limit.
        _ = FileLimit.raise()
        let conditions = BenchConditions(seconds: seconds, runs: runs)
        // One thread: the servers need the others more.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var table = FigureTable()
        var failures: [String] = []
        for run in 1...runs {
            for measurement in measurements(group) {
                note("\(measurement.name)\(runs > 1 ? ", run \(run) of \(runs)" : "")")
                do {
                    table.add(try await measurement.run())
                } catch {
                    // The others can be measured all the same.
                    if let failure = error as? BenchFailure { table.add(failure.figures) }
                    failures.append("\(measurement.name): \(error)")
                    note("failed: \(error)")
                }
            }
        }
        try await group.shutdownGracefully()
        try show(table, conditions: conditions.text)
        guard failures.isEmpty else { throw ExitError(.failure, failures.joined(separator: "\n")) }
    }

    private func show(_ table: FigureTable, conditions: String) throws {
        print(table.table.lines.joined(separator: "\n"))
        let leftOut = images == nil ? ["image": withoutImages ?? "scripts/bench makes the images"] : [:]
        let goals = GoalTable(table.figures, isComplete: scenario == .all, leftOut: leftOut).table
        if !goals.rows.isEmpty { print("\nGoals\n\(goals.lines.joined(separator: "\n"))") }
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(table.figures).write(to: URL(filePath: json))
        }
        if let markdown {
            let isThere = FileManager.default.fileExists(atPath: markdown)
            var page = FiguresPage(isThere ? try String(contentsOfFile: markdown, encoding: .utf8) : "")
            page.put(table, conditions: conditions, isComplete: scenario == .all, leftOut: leftOut)
            try Data(page.text.utf8).write(to: URL(filePath: markdown))
        }
    }

    func note(_ text: String) {
        LogSink.write(Array("==> \(text)\n".utf8), to: STDERR_FILENO)
    }
}

extension BusRouting: ExpressibleByArgument {}
extension ClusterPlan.Traffic: ExpressibleByArgument {}
