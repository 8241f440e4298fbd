import LocalCluster
import NIOCore
import NIOPosix
import Synchronization
import Transport

/// A publish that comes back over a subscription, with nothing around it: what a hint between instances takes at the least.
struct BareRedis: Sendable {
    let rate: Int
    let duration: Duration

    private static let channelName = "bench"
    /// As long as a hint about a message.
    private static let payloadBytes = 600

    /// - Returns: the times from when each publish was due until it came back.
    func run(_ redis: RedisServer, on loop: any EventLoop) async throws -> Latencies {
        let warmUp = rate / 2
        let count = warmUp + Int(Double(rate) * (duration / .seconds(1)))
        let times = ArrivalTimes(count: count, warmUp: warmUp)
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: Self.payloadBytes)
        let publish = RedisCommand([Array("PUBLISH".utf8), Array(Self.channelName.utf8), payload]).bytes
        // Redis pushes what a command of these words would look like.
        let push = RedisCommand([Array("message".utf8), Array(Self.channelName.utf8), payload]).bytes.readableBytes
        let confirmation = RedisCommand("subscribe", Self.channelName).bytes.readableBytes + ":1\r\n".utf8.count

        let publisher = try await RedisLine.connect(to: redis, on: loop)
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { _ in publisher.write(publish) }
        let subscribed = loop.makePromise(of: Void.self)
        let received = Mutex((bytes: 0, messages: 0))
        let subscriber = try await RedisLine.connect(to: redis, on: loop) { bytes in
            let (known, all) = received.withLock { received in
                let known = received.messages
                received.bytes += bytes.readableBytes
                received.messages = max(0, received.bytes - confirmation) / push
                return (known, received.messages)
            }
            subscribed.succeed()
            for number in known..<all { times.arrived(number, due: openLoop.dueTime) }
        }
        subscriber.write(RedisCommand("SUBSCRIBE", Self.channelName).bytes)
        try await subscribed.futureResult.get()
        try await openLoop.run()
        try await DurableBenchmark.wait("the last published message") { times.arrived == count }
        publisher.close()
        subscriber.close()
        return times.latencies
    }
}
