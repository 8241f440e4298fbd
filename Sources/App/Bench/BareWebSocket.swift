import Actors
import LocalCluster
import NIOCore
import Transport

/// A frame to a server that answers with one, and does nothing else: what the load client's way to an instance and back takes at the least.
struct BareWebSocket: Sendable {
    let rate: Int
    let duration: Duration

    private static let channel = "echo"

    /// - Returns: the times from when each frame was written until its answer came.
    func run(_ redis: RedisServer, on loop: any EventLoop) async throws -> Latencies {
        let server = try await PeerServer.start(.prebuiltFrames, peers: "", redis: redis)
        return try await doing {
            try await run(server, on: loop)
        } finally: {
            try? await server.stop()
        }
    }

    private func run(_ server: PeerServer, on loop: any EventLoop) async throws -> Latencies {
        let warmUp = rate / 2
        let count = warmUp + Int(Double(rate) * (duration / .seconds(1)))
        let times = ArrivalTimes(count: count, warmUp: warmUp)
        let written = Locked([NIODeadline](repeating: .now(), count: count))
        let client = try await PeerClient.connect(to: server.url, as: .plain, in: [Self.channel], on: loop) { number in
            times.arrived(number) { number in written.withLock { $0[number] } }
        }
        let somebody = UserID(high: 0, low: 0)
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { number in
            written.withLock { $0[number] = .now() }
            // As long as a message, and what the server looks for is in it.
            client.send(text: LoadConnection.message(number, id: "m", to: somebody))
        }
        try await openLoop.run()
        try await DurableBenchmark.wait("the last answers of the bare server") { times.arrived == count }
        client.disconnect()
        return times.latencies
    }
}
