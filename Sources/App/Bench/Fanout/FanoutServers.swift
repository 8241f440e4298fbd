import Actors
import Glibc
import LocalCluster
import Transport

/// Two processes of one kind of server with one Redis, measured as a pair: whoever sends is on the first, whoever hears on the second.
struct FanoutServers: Sendable {
    /// A kind of server.
    enum Kind: String, CaseIterable, Sendable {
        case switchboard = "Switchboard"
        case switchboardSocketIO = "Switchboard by Socket.IO"
        case nodeWS = "node-ws"
        case pythonSocketIO = "python-socketio"

        var dialect: FanoutDialect {
            switch self {
            case .switchboard: .switchboard
            case .switchboardSocketIO: .socketIO(joins: false)
            case .nodeWS: .plain
            case .pythonSocketIO: .socketIO(joins: true)
            }
        }

        /// Whether it is one to compare with.
        var isPeer: Bool {
            switch self {
            case .switchboard, .switchboardSocketIO: false
            case .nodeWS, .pythonSocketIO: true
            }
        }
    }

    struct Node: Sendable {
        let url: String
        let meter: ProcessMeter
    }

    let kind: Kind
    let sending: Node
    let receiving: Node
    /// A token for each client, the sender's first; empty where the server asks for none.
    let tokens: [String]
    private let end: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - subscribers: who are in the channel, besides the sender.
    ///   - peers: the folder of the programs to compare with.
    static func start(_ kind: Kind, subscribers: Int, peers: String) async throws -> FanoutServers {
        let redis = try await RedisServer.start()
        do {
            switch kind {
            case .switchboard, .switchboardSocketIO: return try await startSwitchboard(kind, subscribers: subscribers, redis: redis)
            case .nodeWS: return try await startPeer(kind, ["node", "\(peers)/node-ws/server.js"], redis: redis)
            case .pythonSocketIO: return try await startPeer(kind, ["python3", "\(peers)/python-socketio/server.py"], redis: redis)
            }
        } catch {
            await redis.stop()
            throw error
        }
    }

    func stop() async throws {
        try await end()
    }

    private static func startSwitchboard(_ kind: Kind, subscribers: Int, redis: RedisServer) async throws -> FanoutServers {
        let database = try await BenchDatabase.start()
        let people = try await BenchUser.seed(subscribers + 1, in: database)
        let store = try await database.open()
        guard let name = ChannelName(FanoutDialect.channelName) else { throw BenchFailure("\(FanoutDialect.channelName) is no name") }
        let channel = ChatChannel(name: name, title: "Fan-out", createdBy: people[0].userID, createdAt: SystemTime().now())
        try await store.createChannel(channel)
        for person in people { _ = try await store.join(name, user: person.userID, limit: Conversations.channelLimit) }
        await store.close()
        let a = try await BenchServer.start("A", in: database, redis: redis)
        let b = try await BenchServer.start("B", in: database, redis: redis)
        return FanoutServers(
            kind: kind,
            sending: Node(url: a.url, meter: a.meter),
            receiving: Node(url: b.url, meter: b.meter),
            tokens: people.map(\.token)
        ) {
            try await a.stop()
            try await b.stop()
            await database.stop()
            await redis.stop()
        }
    }

    private static func startPeer(_ kind: Kind, _ command: [String], redis: RedisServer) async throws -> FanoutServers {
        var nodes: [Node] = []
        var processes: [ChildProcess] = []
        for _ in 0..<2 {
            let port = try ReservedPort()
            let process = try ChildProcess(
                executable: "/usr/bin/env",
                arguments: command + ["\(port.number)", redis.url],
                // Where Debian puts the modules of Node.js.
                environment: ["PATH": ToolRun.searchPath, "NODE_PATH": "/usr/share/nodejs:/usr/lib/nodejs"],
                directory: "."
            )
            processes.append(process)
            _ = try await process.waitForLine(in: .standardOutput, "its being ready") { $0.contains("listening") }
            nodes.append(Node(url: "http://127.0.0.1:\(port.number)", meter: ProcessMeter(processID: process.processID)))
        }
        return FanoutServers(kind: kind, sending: nodes[0], receiving: nodes[1], tokens: []) { [processes] in
            for process in processes {
                // They keep nothing, and one of them takes its time.
                process.send(SIGKILL)
                _ = try await process.waitForExit()
            }
            await redis.stop()
        }
    }
}
