import LocalCluster
import NIOCore
import NIOPosix
import Synchronization
import Transport

/// A connection to Redis that writes what it is given, and hands on what comes back.
final class RedisLine: Sendable {
    private let channel: any Channel

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// - Parameter received: called on `loop`.
    static func connect(
        to redis: RedisServer,
        on loop: any EventLoop,
        received: @escaping @Sendable (ByteBuffer) -> Void = { _ in }
    ) async throws -> RedisLine {
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Receiver(received)) }
            }
            .connect(host: "127.0.0.1", port: redis.port)
            .get()
        return RedisLine(channel: channel)
    }

    var eventLoop: any EventLoop { channel.eventLoop }

    func write(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    func close() {
        channel.close(promise: nil)
    }

    private final class Receiver: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let received: @Sendable (ByteBuffer) -> Void

        init(_ received: @escaping @Sendable (ByteBuffer) -> Void) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received(Self.unwrapInboundIn(data))
        }
    }
}

/// How many lines came over a line, or over several.
final class LineCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func take(_ bytes: ByteBuffer) {
        let new = bytes.readableBytesView.count { $0 == UInt8(ascii: "\n") }
        count.withLock { $0 += new }
    }
}

extension RedisCommand {
    /// As it goes over the wire.
    var bytes: ByteBuffer {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        return buffer
    }
}
