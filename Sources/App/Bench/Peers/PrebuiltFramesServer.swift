import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// The least that a server can do: it makes a frame once a message and writes it to everybody who has joined. Whoever measures it measures
/// the load client and the system.
enum PrebuiltFramesServer {
    /// Serves until it is killed, on one event loop.
    ///
    /// - Parameter isListening: called once clients can connect.
    static func run(port: Int, isListening: () -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let room = try await loop.submit { NIOLoopBound(Room(), eventLoop: loop) }.get()
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PrebuiltFramesHandler(room.value))
                }
            }
        )
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
                    )
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
        isListening()
        try await listener.closeFuture.get()
    }

    /// Those who have joined, by the place in their pipelines behind which nothing frames any more.
    fileprivate final class Room {
        private var members: [ObjectIdentifier: ChannelHandlerContext] = [:]

        func add(_ member: ChannelHandlerContext) {
            members[ObjectIdentifier(member)] = member
        }

        func remove(_ member: ChannelHandlerContext) {
            members[ObjectIdentifier(member)] = nil
        }

        func write(_ frame: ByteBuffer) {
            for member in members.values { member.write(NIOAny(frame), promise: nil) }
        }

        func flush() {
            for member in members.values { member.flush() }
        }
    }
}

/// Takes `{"type":"join"…}` and messages whose content begins with their number.
private final class PrebuiltFramesHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame

    private let room: PrebuiltFramesServer.Room
    private var encoder: ChannelHandlerContext?
    private var hasWritten = false

    init(_ room: PrebuiltFramesServer.Room) {
        self.room = room
    }

    func handlerAdded(context: ChannelHandlerContext) {
        encoder = try? context.pipeline.syncOperations.context(handlerType: WebSocketFrameEncoder.self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        guard frame.opcode == .text, let encoder else { return }
        if let number = frame.unmaskedData.number(after: #""content":""#) {
            room.write(Self.frame(#"{"type":"message","content":"\#(LoadConnection.content(number))"}"#))
            hasWritten = true
        } else {
            room.add(encoder)
            encoder.writeAndFlush(NIOAny(Self.frame(#"{"type":"joined"}"#)), promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasWritten else { return }
        hasWritten = false
        room.flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let encoder { room.remove(encoder) }
        encoder = nil
    }

    private static func frame(_ text: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0x81))
        if text.utf8.count < 126 {
            buffer.writeInteger(UInt8(text.utf8.count))
        } else {
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(text.utf8.count))
        }
        buffer.writeString(text)
        return buffer
    }
}
