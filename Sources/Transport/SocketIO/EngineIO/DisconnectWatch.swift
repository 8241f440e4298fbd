import NIOCore
import Synchronization

/// Says when a client hangs up while its GET is not answered; HTTP's handlers see that only when they write.
///
/// It stays in a connection's pipeline from the first long poll on.
final class DisconnectWatch: ChannelInboundHandler, @unchecked Sendable {
    // Unchecked, as `poll` is used on the channel's event loop alone.

    typealias InboundIn = NIOAny

    private var poll: PendingPoll?
    private var disconnected: (@Sendable () -> Void)?

    /// Marks `poll` as aborted and calls `disconnected` where `channel` ends before another poll is watched there.
    static func watch(_ channel: any Channel, until poll: PendingPoll, _ disconnected: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute {
            guard channel.isActive else {
                poll.abort()
                return disconnected()
            }
            let pipeline = channel.pipeline.syncOperations
            do {
                let watch: DisconnectWatch
                if let known = try? pipeline.handler(type: DisconnectWatch.self) {
                    watch = known
                } else {
                    watch = DisconnectWatch()
                    try pipeline.addHandler(watch, position: .first)
                }
                watch.poll = poll
                watch.disconnected = disconnected
            } catch {
                // The pipeline has gone, and the client with it.
                poll.abort()
                disconnected()
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { tell() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        tell()
        context.fireChannelInactive()
    }

    private func tell() {
        poll?.abort()
        poll = nil
        disconnected?()
        disconnected = nil
    }
}
