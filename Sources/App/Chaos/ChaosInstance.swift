import Actors
import Glibc
import LocalCluster

/// One instance of the cluster, and what an operator's supervisor does for it: starts it again when it has ended.
final class ChaosInstance: Sendable {
    private struct State {
        var process: ServerProcess?
        var isUp = false
        var isOver = false
        /// Whether the next end was asked for.
        var isEndOrdered = false
        var log: [String] = []
        var crashes: [String] = []
    }

    let number: Int
    let url: String
    private let environment: [String: String]
    private let directory: TemporaryDirectory
    private let state = Locked(State())

    /// - Parameter port: where it listens, each time.
    init(number: Int, port: Int, environment: [String: String], directory: TemporaryDirectory) {
        self.number = number
        url = "http://127.0.0.1:\(port)"
        let own = ["INSTANCE_ID": ChaosCluster.name(number), "PORT": "\(port)"]
        self.environment = environment.merging(own) { _, new in new }
        self.directory = directory
    }

    /// Whether it listens.
    var isUp: Bool { state.withLock { $0.isUp } }

    /// Ends that nobody asked for.
    var crashes: [String] { state.withLock { $0.crashes } }

    /// All that its processes have logged.
    var log: [String] { state.withLock { $0.log + ($0.process?.log ?? []) } }

    /// Keeps a process running until `stop`.
    func run() async {
        while !state.withLock({ $0.isOver }) {
            do {
                let process = try ServerProcess(environment: environment, directory: directory)
                state.withLock { state in
                    state.process = process
                    // Told to stop meanwhile.
                    if state.isOver { process.terminate() }
                }
                await follow(process)
            } catch {
                state.withLock { $0.crashes.append("\(error)") }
            }
            try? await Task.sleep(for: .milliseconds(300))
        }
    }

    private func follow(_ process: ServerProcess) async {
        let hasListened = (try? await process.url(timeout: .seconds(120))) != nil
        if hasListened { state.withLock { $0.isUp = true } }
        let exit = try? await process.waitForExit(timeout: .seconds(86_400))
        state.withLock { state in
            state.isUp = false
            state.process = nil
            state.log += process.log
            // One that can't reach its store when it starts ends, and is started again.
            if !state.isEndOrdered, hasListened, !state.isOver {
                state.crashes.append("\(ChaosCluster.name(number)) ended with \(exit.map { "\($0)" } ?? "?"): \(process.log.last ?? "")")
            }
            state.isEndOrdered = false
        }
    }

    /// Sends SIGKILL or SIGTERM; it comes back.
    func end(_ signal: Int32) {
        state.withLock { state in
            state.isUp = false
            state.isEndOrdered = true
            state.process?.kill(signal)
        }
    }

    /// Freezes it, or has it go on.
    func signal(_ signal: Int32) {
        state.withLock { $0.process?.kill(signal) }
    }

    /// Waits until it listens.
    func waitUntilUp(timeout: Duration = .seconds(60)) async throws {
        try await within(timeout, "instance \(ChaosCluster.name(number))") {
            while !self.isUp { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    /// Ends it for good.
    func stop() {
        state.withLock { state in
            state.isOver = true
            state.process?.kill(SIGCONT)
            state.process?.kill(SIGKILL)
        }
    }
}
