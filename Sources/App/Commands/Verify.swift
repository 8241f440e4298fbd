import Actors
import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import LocalCluster

/// Proves on running instances that a cluster does what it is for.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check two running instances, or two of its own, row by row; exit status 1 where one fails.",
        discussion: """
            With --a and --b it looks at the instances there; it needs an admin, whom ADMIN_USERNAME and ADMIN_PASSWORD name. It \
            makes users of its own and bans some of them. With --spawn it starts a redis-server and two instances of its own, for \
            everything or, together with --a and --b, for the rows that stop Redis; they take BUS_ROUTING from the environment.
            """
    )

    @Option(name: .customLong("a"), help: "The first instance: http://localhost:8000")
    var urlA: String?

    @Option(name: .customLong("b"), help: "The second instance.")
    var urlB: String?

    @Option(help: "The file that the first instance logs to, at LOG_LEVEL=debug.")
    var logA: String?

    @Option(help: "The file that the second instance logs to.")
    var logB: String?

    @Flag(help: "Start a redis-server and two instances.")
    var spawn = false

    @Option(help: "With --spawn: the mongodb:// server for the two, in a database of this run's own, which stays; else a SQLite file.")
    var db: String?

    func validate() throws {
        guard (urlA == nil) == (urlB == nil) else { throw ValidationError("--a and --b go together.") }
        guard urlA != nil || spawn else { throw ValidationError("Give --a and --b, or --spawn.") }
        guard let db else { return }
        guard spawn, case .mongodb = DatabaseURI(db) else {
            throw ValidationError("--db goes with --spawn and is mongodb://… or mongodb+srv://….")
        }
    }

    func run() async throws {
        let routing = ProcessInfo.processInfo.environment["BUS_ROUTING"].map { ["BUS_ROUTING": $0] } ?? [:]
        let cluster = spawn ? try await SpawnedCluster.start(environment: routing, mongoURI: db) : nil
        var list = Checklist()
        // An instance that isn't there is said to be so at once, not after many tries.
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(configuration: configuration)
        do {
            try await check(&list, cluster: cluster, http: http)
        } catch {
            list.add(0, "verify itself", .fail("\(error)"))
        }
        try? await http.shutdown()
        await cluster?.stop()
        print("\n\(list.passed) PASS, \(list.failed) FAIL, \(list.skipped) SKIP")
        if list.failed > 0 { throw ExitCode(ExitError.Status.failure.rawValue) }
    }

    private func check(_ list: inout Checklist, cluster: SpawnedCluster?, http: HTTPClient) async throws {
        guard let target = try given() ?? cluster.map(target) else { return }
        let main = Verification(target: target, http: http)
        await main.run(&list)
        var silent: [(verification: Verification, logs: [[String]])] = []
        if let cluster {
            let outage = OutageVerification(cluster: cluster, verification: Verification(target: self.target(cluster), http: http))
            await outage.run(&list)
            silent.append((outage.verification, [cluster.a.log, cluster.b.log]))
            await list.check(14, "boot without Redis: development serves, production ends") {
                let (result, log) = try await OutageVerification.boots()
                silent.append((outage.verification, [log]))
                return result
            }
        } else {
            for (number, title) in [(12, "Redis stopped"), (13, "Redis back"), (14, "boot without Redis")] {
                list.add(number, title, .skip("needs --spawn"))
            }
        }
        let people = ConversationVerification(verification: Verification(target: target, http: http))
        await people.run(&list)
        let foreign = SocketIOVerification(verification: Verification(target: target, http: http))
        await foreign.run(&list)
        if let cluster {
            let last = ClusterVerification(cluster: cluster, verification: Verification(target: self.target(cluster), http: http))
            await last.run(&list)
            silent.append((last.verification, [cluster.a.log, cluster.b.log]))
        } else {
            for (number, title) in [(20, "channel message without the bus"), (21, "SIGKILL of A")] {
                list.add(number, title, .skip("needs --spawn"))
            }
        }
        await list.check(15, "no log line holds message content, tokens or passwords") {
            guard let logA = target.logA, let logB = target.logB else { return .skip("the logs can't be read: give --log-a and --log-b") }
            for verification in [main, people.verification, foreign.verification] {
                silent.append((verification, [try logA(), try logB()]))
            }
            let results = silent.map { $0.verification.silence($0.logs) }
            let failure = results.first { if case .fail = $0 { true } else { false } }
            return failure ?? results.last ?? .fail("nothing was searched")
        }
    }

    private func given() throws -> Verification.Target? {
        guard let urlA, let urlB else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let reader = SettingsReader(environment: environment, file: nil)
        guard let name = try reader.value(SettingsTable.adminUsername), let password = try reader.value(SettingsTable.adminPassword) else {
            throw ExitError(.settings, "ADMIN_USERNAME and ADMIN_PASSWORD must name an admin of the instances")
        }
        return Verification.Target(
            urlA: urlA,
            urlB: urlB,
            adminName: name.description,
            adminPassword: password.value,
            logA: logA.map(Self.reader),
            logB: logB.map(Self.reader),
            redis: environment["REDIS_URL"].map(Self.redis)
        )
    }

    private func target(_ cluster: SpawnedCluster) -> Verification.Target {
        Verification.Target(
            urlA: cluster.urlA,
            urlB: cluster.urlB,
            adminName: SpawnedCluster.adminName,
            adminPassword: cluster.adminPassword,
            logA: { cluster.a.log },
            logB: { cluster.b.log },
            redis: { try await cluster.redis.command($0) }
        )
    }

    /// Asks with `redis-cli`.
    private static func redis(at url: String) -> @Sendable ([String]) async throws -> String {
        { arguments in
            let directory = try TemporaryDirectory()
            return try await ToolRun.output(of: "redis-cli", ["--no-auth-warning", "-u", url] + arguments, in: directory)
        }
    }

    private static func reader(of path: String) -> @Sendable () throws -> [String] {
        { try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init) }
    }
}
