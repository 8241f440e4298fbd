import NIOCore
import NIOPosix
import Synchronization

/// A server between client and MongoDB that passes everything on, and can lose the answer to a command: the connection breaks after the
/// server has done what it was asked to.
final class ReplyCutter: Sendable {
    let port: Int
    private let listener: any Channel
    private let orders: Orders

    /// What is to be cut, and how often it was.
    final class Orders: Sendable {
        private struct State {
            var command: [UInt8] = []
            var left = 0
            var done = 0
            var commands: [String] = []
        }

        private let state = Mutex(State())

        /// - Parameters:
        ///   - command: `insert` for instance.
        ///   - collection: what it works on.
        func cut(_ command: String, of collection: String, times: Int) {
            state.withLock { state in
                let length = UInt8(collection.utf8.count + 1)
                state.command = [2] + Array(command.utf8) + [0, length, 0, 0, 0] + Array(collection.utf8) + [0]
                state.left = times
            }
        }

        var done: Int { state.withLock { $0.done } }

        /// The names of the commands that came since the last call.
        func takeCommands() -> [String] {
            state.withLock { state in
                defer { state.commands = [] }
                return state.commands
            }
        }

        /// Notes the command that an OP_MSG begins with: behind its header, flags, kind, length and type of the first field.
        fileprivate func note(_ bytes: [UInt8]) {
            guard bytes.count > 26, bytes[12..<16].elementsEqual([0xDD, 0x07, 0, 0]) else { return }
            let name = String(decoding: bytes[26...].prefix { $0 != 0 }, as: UTF8.self)
            state.withLock { $0.commands.append(name) }
        }

        fileprivate func takes(_ bytes: [UInt8]) -> Bool {
            state.withLock { state in
                guard state.left > 0, bytes.firstRange(of: state.command) != nil else { return false }
                state.left -= 1
                state.done += 1
                return true
            }
        }
    }

    private init(listener: any Channel, port: Int, orders: Orders) {
        self.listener = listener
        self.port = port
        self.orders = orders
    }

    static func start(to target: Int) async throws -> ReplyCutter {
        let orders = Orders()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { front in
                ClientBootstrap(group: front.eventLoop).connect(host: "127.0.0.1", port: target).flatMap { back in
                    front.eventLoop.makeCompletedFuture {
                        let cut = CutMark()
                        try front.pipeline.syncOperations.addHandler(Pass(to: back, orders: orders, cut: cut, isRequest: true))
                        try back.pipeline.syncOperations.addHandler(Pass(to: front, orders: orders, cut: cut, isRequest: false))
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return ReplyCutter(listener: listener, port: listener.localAddress?.port ?? 0, orders: orders)
    }

    func cut(_ command: String, of collection: String, times: Int = 1) {
        orders.cut(command, of: collection, times: times)
    }

    /// How many answers were lost.
    var cuts: Int { orders.done }

    /// The commands that asked for documents, since the last call.
    func takeQueries() -> [String] {
        orders.takeCommands().filter { ["find", "aggregate", "count", "distinct"].contains($0) }
    }

    func stop() async {
        try? await listener.close()
    }
}

/// Whether the next answer on this connection is lost; both directions are on one event loop.
private final class CutMark {
    var isSet = false
}

private final class Pass: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let other: any Channel
    private let orders: ReplyCutter.Orders
    private let cut: CutMark
    private let isRequest: Bool

    init(to other: any Channel, orders: ReplyCutter.Orders, cut: CutMark, isRequest: Bool) {
        self.other = other
        self.orders = orders
        self.cut = cut
        self.isRequest = isRequest
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if isRequest {
            let bytes = Array(buffer.readableBytesView)
            orders.note(bytes)
            if orders.takes(bytes) { cut.isSet = true }
        }
        guard isRequest || !cut.isSet else {
            context.close(promise: nil)
            return
        }
        other.writeAndFlush(buffer, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
