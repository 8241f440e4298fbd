import LocalCluster
import NIOCore
import NIOPosix
import Synchronization

/// A connection to Redis that writes what it is given and counts the lines of what comes back.
final class RedisLine: Sendable {
    private let channel: any Channel
    private let lines: LineCounter

    private init(channel: any Channel, lines: LineCounter) {
        self.channel = channel
        self.lines = lines
    }

    static func connect(to redis: RedisServer, on loop: any EventLoop) async throws -> RedisLine {
        let lines = LineCounter()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(LineHandler(lines)) }
            }
            .connect(host: "127.0.0.1", port: redis.port)
            .get()
        return RedisLine(channel: channel, lines: lines)
    }

    var eventLoop: any EventLoop { channel.eventLoop }

    /// Lines that have come.
    var received: Int { lines.count.withLock { $0 } }

    func write(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    func close() {
        channel.close(promise: nil)
    }

    private final class LineCounter: Sendable {
        let count = Mutex(0)
    }

    private final class LineHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let lines: LineCounter

        init(_ lines: LineCounter) {
            self.lines = lines
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let new = Self.unwrapInboundIn(data).readableBytesView.count { $0 == UInt8(ascii: "\n") }
            lines.count.withLock { $0 += new }
        }
    }
}
