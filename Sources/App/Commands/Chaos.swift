import ArgumentParser
import Foundation
import Glibc

/// Lets everything fail that can, and proves that nothing is lost.
struct Chaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Run three instances of its own while Redis, links, store, instances and clients fail; exit status 1 where a promise breaks.",
        shouldDisplay: false
    )

    @Option(help: "For how long things fail.")
    var minutes = 10.0

    @Option(help: "Decides the faults; a random one where it isn't given.")
    var seed: UInt64?

    @Option(help: "Where the instances keep their data: sqlite, mongodb.")
    var db: BenchDatabase.Kind = .sqlite

    @Option(help: "How many people there are.")
    var clients = 60

    @Option(help: "Messages a second, of all together.")
    var rate = 20.0

    @Option(help: "A file for the report, as JSON.")
    var json: String?

    @Option(help: "A directory for what the instances log.")
    var logs: String?

    func validate() throws {
        guard minutes > 0, rate > 0, clients >= 4 else { throw ValidationError("--minutes and --rate are above 0, --clients at least 4.") }
    }

    func run() async throws {
        let plan = ChaosRun.Plan(
            seed: seed ?? .random(in: 0...999_999),
            length: .seconds(minutes * 60),
            database: db,
            clients: clients,
            rate: rate
        )
        let outcome = try await ChaosRun(plan: plan) { LogSink.write(Array("==> \($0)\n".utf8), to: STDERR_FILENO) }.run()
        print(outcome.report.lines.joined(separator: "\n"))
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(outcome.report).write(to: URL(filePath: json))
        }
        if let logs {
            for (name, lines) in outcome.logs {
                try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: "\(logs)/\(name).log"))
            }
        }
        if !outcome.report.isClean { throw ExitCode(ExitError.Status.failure.rawValue) }
    }
}
