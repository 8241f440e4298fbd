import LocalCluster
import NIOCore
import NIOPosix
import TestSupport
import Transport

/// A connection to Redis that says and hears exactly what a test wants, as a Node.js instance's would.
final class RedisPeer: Sendable {
    /// What came over a subscription.
    struct Message: Hashable, Sendable {
        let channel: String
        let payload: [UInt8]

        var text: String { String(decoding: payload, as: UTF8.self) }
    }

    /// Everything that Redis answered, in order.
    let replies = Recorder<RedisReply>()
    let messages = Recorder<Message>()
    private let channel: any Channel

    private init(port: Int) async throws {
        let (replies, messages) = (replies, messages)
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(replies: replies, messages: messages))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// - Parameter subscription: a command such as `SUBSCRIBE` with its channels; confirmed when this returns.
    static func connect(_ server: RedisServer, _ subscription: String...) async throws -> RedisPeer {
        let peer = try await RedisPeer(port: server.port)
        if !subscription.isEmpty {
            try await peer.send(RedisCommand(subscription.map { Array($0.utf8) }))
            await peer.replies.wait(count: subscription.count - 1)
        }
        return peer
    }

    func send(_ command: RedisCommand) async throws {
        var buffer = ByteBuffer()
        command.encode(into: &buffer)
        try await channel.writeAndFlush(buffer)
    }

    func publish(_ payload: [UInt8], to name: String, sharded: Bool = false) async throws {
        try await send(RedisCommand([Array((sharded ? "SPUBLISH" : "PUBLISH").utf8), Array(name.utf8), payload]))
    }

    func publish(_ text: String, to name: String, sharded: Bool = false) async throws {
        try await publish(Array(text.utf8), to: name, sharded: sharded)
    }

    func close() async {
        try? await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let reader = ReplyReader()
        private let replies: Recorder<RedisReply>
        private let messages: Recorder<Message>

        init(replies: Recorder<RedisReply>, messages: Recorder<Message>) {
            self.replies = replies
            self.messages = messages
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            buffer.withUnsafeReadableBytes { bytes in try? reader.feed(bytes) }
            while let reply = try? reader.next() {
                if let message = Self.message(reply) { messages.append(message) }
                replies.append(reply)
            }
        }

        private static func message(_ reply: RedisReply) -> Message? {
            guard case .array(let parts) = reply, let kind = parts.first?.text else { return nil }
            let rest = parts.dropFirst(kind == "pmessage" ? 2 : 1)
            guard ["message", "smessage", "pmessage"].contains(kind), let channel = rest.first?.text, case .bulk(let payload)? = rest.last
            else { return nil }
            return Message(channel: channel, payload: payload)
        }
    }
}
