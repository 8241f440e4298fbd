import Glibc
import LocalCluster

/// One process of a server to compare with.
struct PeerServer: Sendable {
    let url: String
    let process: ChildProcess
    var meter: ProcessMeter { ProcessMeter(processID: process.processID) }

    /// Starts it and returns when it listens.
    ///
    /// - Parameter peers: the folder of the programs.
    static func start(_ kind: FanoutServers.Kind, peers: String, redis: RedisServer) async throws -> PeerServer {
        let command: [String]
        switch kind {
        case .nodeWS: command = ["node", "\(peers)/node-ws/server.js"]
        case .pythonSocketIO: command = ["python3", "\(peers)/python-socketio/server.py"]
        case .prebuiltFrames: command = [try ServerProcess.program(), PrebuiltFrames.name]
        case .switchboard, .switchboardSocketIO: throw BenchFailure("\(kind.rawValue) is no program to compare with")
        }
        let port = try ReservedPort()
        let process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: command + ["\(port.number)", redis.url],
            // Where Debian puts the modules of Node.js.
            environment: ["PATH": ToolRun.searchPath, "NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs"],
            directory: "."
        )
        do {
            _ = try await process.waitForLine(in: .standardOutput, "its being ready") { $0.contains("listening") }
        } catch {
            throw BenchFailure("\(kind.rawValue) can't be started: \(error)")
        }
        return PeerServer(url: "http://127.0.0.1:\(port.number)", process: process)
    }

    /// They keep nothing, and one of them would take its time.
    func stop() async throws {
        process.send(SIGKILL)
        _ = try await process.waitForExit()
    }
}

extension FanoutServers.Kind {
    /// Those that other people's packages make.
    static let peers = allCases.filter(\.isPeer)
}
