import NIOCore
import NIOPosix
import TestSupport

/// A TCP connection that writes what a test says and records what comes back.
final class RawClient: Sendable {
    private let channel: any Channel
    /// What has come in, as one growing text; `nil` stands for the end.
    let received: Recorder<String?>

    init(port: Int) async throws {
        let received = Recorder<String?>()
        self.received = received
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(received: received))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func write(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func write(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    func close() {
        channel.close(promise: nil)
    }

    /// Everything so far, as soon as it contains `part`, or at the connection's end.
    func text(containing part: String) async -> String {
        let all = await received.wait { $0.contains(nil) || Self.join($0).contains(part) }
        return Self.join(all)
    }

    /// Everything, at the connection's end.
    func textAtEnd() async -> String {
        Self.join(await received.wait { $0.contains(nil) })
    }

    private static func join(_ parts: [String?]) -> String {
        parts.compactMap(\.self).joined()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: Recorder<String?>

        init(received: Recorder<String?>) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.append(String(buffer: Self.unwrapInboundIn(data)))
        }

        func channelInactive(context: ChannelHandlerContext) {
            received.append(nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
