import Foundation
import LocalCluster
import Testing

@Suite("A simulated cluster keeps its promises whatever goes wrong", .serialized)
struct SimulationTests {
    @Test("One seed is one history")
    func oneSeedIsOneHistory() async throws {
        let first = try await Simulation.run("--seed", "7", "--history", "--no-shrink")
        let second = try await Simulation.run("--seed", "7", "--history", "--no-shrink")
        #expect(first.exit == .exited(0))
        #expect(first.lines.count > 100)
        #expect(first.lines == second.lines)
    }

    @Test("300 seeds break nothing")
    func threeHundredSeeds() async throws {
        let result = try await Simulation.run("--seeds", "300")
        #expect(result.exit == .exited(0), "\(result.lines.joined(separator: "\n"))")
    }

    @Test(
        "What is wrong is noticed",
        arguments: [
            "reconciler-off", "kicks-by-bus-alone", "kick-without-store", "kick-in-several-documents",
            "late-ban-closes-all", "cache-outlives-kick", "never-stale", "local-read", "ack-before-commit", "idempotency-off",
            "answer-waits-for-bus", "no-overlap", "raise-tried-once", "last-seq-without-raise", "stamp-of-this-connection",
            "cursor-at-highest", "lease-outlives-instance", "lists-nobody",
        ]
    )
    func mutation(_ name: String) async throws {
        let result = try await Simulation.run("--mutation", name, "--seeds", "2000", "--no-shrink")
        #expect(result.exit == .exited(1), "\(result.lines.joined(separator: "\n"))")
    }
}

/// The program that simulates: a process of its own, as it runs everything of the process on one thread.
private enum Simulation {
    struct Result {
        let exit: ProcessRecord.Exit
        let lines: [String]
    }

    static func run(_ arguments: String...) async throws -> Result {
        let running = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(filePath: running).deletingLastPathComponent()
        let process = try ChildProcess(
            executable: folder.appending(component: "switchboard-simulate").path(),
            arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin"],
            directory: folder.path()
        )
        let exit = try await process.waitForExit(timeout: .seconds(300))
        return Result(exit: exit, lines: process.lines(of: .standardOutput))
    }
}
