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
        let publish = Self.encoded(RedisCommand([Array("PUBLISH".utf8), Array(Self.channelName.utf8), payload]))
        // Redis pushes what a command of these words would look like.
        let push = Self.encoded(RedisCommand([Array("message".utf8), Array(Self.channelName.utf8), payload])).readableBytes
        let confirmation = Self.encoded(RedisCommand("subscribe", Self.channelName)).readableBytes + ":1\r\n".utf8.count

        let publisher = try await connect(to: redis, on: loop) { _ in }
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { _ in publisher.writeAndFlush(publish, promise: nil) }
        let subscribed = loop.makePromise(of: Void.self)
        let received = Mutex((bytes: 0, messages: 0))
        let subscriber = try await connect(to: redis, on: loop) { bytes in
            let (known, all) = received.withLock { received in
                received.bytes += bytes
                defer { received.messages = max(0, received.bytes - confirmation) / push }
                return (received.messages, max(0, received.bytes - confirmation) / push)
            }
            subscribed.succeed()
            for number in known..<all { times.arrived(number, due: openLoop.dueTime) }
        }
        subscriber.writeAndFlush(Self.encoded(RedisCommand("SUBSCRIBE", Self.channelName)), promise: nil)
        try await subscribed.futureResult.get()
        try await openLoop.run()
        try await DurableBenchmark.wait("the last published message") { times.arrived == count }
        publisher.close(promise: nil)
        subscriber.close(promise: nil)
        return times.latencies
    }

    /// - Parameter received: called with the number of bytes that came.
    private func connect(
        to redis: RedisServer,
        on loop: any EventLoop,
        received: @escaping @Sendable (Int) -> Void
    ) async throws -> any Channel {
        try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteCounter(received))
                }
            }
            .connect(host: "127.0.0.1", port: redis.port)
            .get()
    }

    private static func encoded(_ command: RedisCommand) -> ByteBuffer {
        var buffer = ByteBuffer()
        command.encode(into: &buffer)
        return buffer
    }
}

private final class ByteCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let received: @Sendable (Int) -> Void

    init(_ received: @escaping @Sendable (Int) -> Void) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received(Self.unwrapInboundIn(data).readableBytes)
    }
}
