import LocalCluster

/// Two processes of one kind of server with one Redis, measured as a pair: whoever sends is on the first, whoever hears on the second.
struct FanoutServers: Sendable {
    /// A kind of server.
    enum Kind: String, CaseIterable, Sendable {
        case switchboard = "Switchboard"
        case switchboardSocketIO = "Switchboard by Socket.IO"
        case nodeWS = "node-ws"
        case pythonSocketIO = "python-socketio"
        /// The load client's own limit.
        case prebuiltFrames = "prebuilt frames"

        var dialect: FanoutDialect {
            switch self {
            case .switchboard: .switchboard
            case .switchboardSocketIO: .socketIO(joins: false)
            case .nodeWS, .prebuiltFrames: .plain
            case .pythonSocketIO: .socketIO(joins: true)
            }
        }

        /// Whether it is a program to compare with.
        var isPeer: Bool {
            switch self {
            case .switchboard, .switchboardSocketIO, .prebuiltFrames: false
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
            case .nodeWS, .pythonSocketIO: return try await startPeers([kind, kind], peers: peers, redis: redis)
            case .prebuiltFrames: return try await startPeers([kind], peers: peers, redis: redis)
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
        try await BenchChannel(name: FanoutDialect.channelName, members: people).make(in: database)
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

    /// - Parameter kinds: as many processes, all of one kind: one that sends and hears, or two.
    private static func startPeers(_ kinds: [Kind], peers: String, redis: RedisServer) async throws -> FanoutServers {
        var servers: [PeerServer] = []
        for kind in kinds { servers.append(try await PeerServer.start(kind, peers: peers, redis: redis)) }
        let nodes = servers.map { Node(url: $0.url, meter: $0.meter) }
        return FanoutServers(kind: kinds[0], sending: nodes[0], receiving: nodes[nodes.count - 1], tokens: []) { [servers] in
            for server in servers { try await server.stop() }
            await redis.stop()
        }
    }
}
