import LocalCluster
import NIOCore
import Transport

/// What a connection that does nothing costs other servers, which ask nobody for a token.
struct IdlePeersBenchmark: Sendable {
    let connections: Int
    let group: any EventLoopGroup
    let peers: String

    private static let first = 100

    func run() async throws -> [Figure] {
        var figures: [Figure] = []
        for kind in FanoutServers.Kind.peers {
            let redis = try await RedisServer.start()
            figures += try await doing {
                let server = try await PeerServer.start(kind, peers: peers, redis: redis)
                let figures = try await measure(server, kind)
                try await server.stop()
                return figures
            } finally: {
                await redis.stop()
            }
        }
        return figures
    }

    private func measure(_ server: PeerServer, _ kind: FanoutServers.Kind) async throws -> [Figure] {
        let scenario = "idle \(connections) \(kind.rawValue)"
        let connect = { @Sendable (_: Int) in
            try await PeerClient.connect(to: server.url, as: kind.dialect, on: group.next())
        }
        let fresh = try await server.meter.settledResidentBytes()
        let early = try await connectAll(Self.first, connect)
        let before = try await server.meter.settledResidentBytes()
        let processorBefore = try server.meter.processorTime()
        let start = ContinuousClock.now
        let idle = try await connectAll(connections, connect)
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let processor = try server.meter.processorTime() - processorBefore
        let after = try await server.meter.settledResidentBytes()
        guard try server.meter.openFiles() >= Self.first + connections else {
            throw BenchFailure("\(kind.rawValue) has closed connections")
        }
        for connection in early + idle { connection.disconnect() }
        let count = Double(connections)
        return [
            Figure(scenario, "memory of a connection", Double(after - before) / count / 1_024, "KiB"),
            Figure(scenario, "memory of the server without one", Double(fresh) / 1_048_576, "MiB"),
            Figure(scenario, "connected, upgraded and welcomed", count / elapsed, "/s"),
            Figure(scenario, "until all are connected", elapsed, "s"),
            Figure(scenario, "processor time of the server for it", processor / .microseconds(1) / count, "µs each"),
        ]
    }
}
