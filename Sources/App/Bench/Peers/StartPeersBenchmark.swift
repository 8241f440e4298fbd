import LocalCluster

/// How long other servers take from their process's beginning until they listen, with Redis there already.
struct StartPeersBenchmark: Sendable {
    let peers: String

    func run() async throws -> [Figure] {
        let redis = try await RedisServer.start()
        return try await doing {
            var figures: [Figure] = []
            for kind in FanoutServers.Kind.peers {
                var latencies = Latencies()
                for _ in 0..<StartBenchmark.times {
                    let begin = ContinuousClock.now
                    let server = try await PeerServer.start(kind, peers: peers, redis: redis)
                    latencies.record(ContinuousClock.now - begin)
                    try await server.stop()
                }
                let median = latencies.milliseconds(percentile: 50)
                figures.append(Figure("start \(kind.rawValue)", StartBenchmark.measure, median, "ms"))
            }
            return figures
        } finally: {
            await redis.stop()
        }
    }
}
