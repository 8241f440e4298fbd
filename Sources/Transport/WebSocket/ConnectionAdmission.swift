package import NIOCore
import Synchronization

/// How many connections an instance takes: a limit of live ones, which are told when to come again, and one of sockets of any kind.
///
/// Sockets have a limit of their own, so that HTTP, health checks among it, is still answered when no more live connections are taken.
package final class ConnectionAdmission: Sendable {
    private let maximumConnections: Int
    private let maximumSockets: Int
    private let openConnections = Atomic(0)
    private let openSockets = Atomic(0)

    /// - Parameters:
    ///   - connections: live ones at once.
    ///   - sockets: accepted ones at once; more are closed unanswered.
    package init(connections: Int = .max, sockets: Int = .max) {
        maximumConnections = connections
        maximumSockets = sockets
    }

    /// Live connections now, those that are being opened among them.
    package var connections: Int { openConnections.load(ordering: .relaxed) }

    /// Sockets that are open now.
    package var sockets: Int { openSockets.load(ordering: .relaxed) }

    /// Takes a live connection in until its channel closes.
    ///
    /// - Returns: false where there are as many as there may be.
    package func admit(connection channel: any Channel) -> Bool {
        admit(channel, openConnections: true)
    }

    func admit(socket channel: any Channel) -> Bool {
        admit(channel, openConnections: false)
    }

    private func admit(_ channel: any Channel, openConnections isConnection: Bool) -> Bool {
        guard add(1, isConnection) <= (isConnection ? maximumConnections : maximumSockets) else {
            _ = add(-1, isConnection)
            return false
        }
        channel.closeFuture.whenComplete { _ in _ = self.add(-1, isConnection) }
        return true
    }

    private func add(_ difference: Int, _ isConnection: Bool) -> Int {
        isConnection
            ? openConnections.wrappingAdd(difference, ordering: .relaxed).newValue
            : openSockets.wrappingAdd(difference, ordering: .relaxed).newValue
    }
}

/// Closes a socket that is one too many, as soon as it can be closed.
final class SocketRefuser: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.close(promise: nil)
    }
}
