import Actors
package import NIOCore

/// One WebSocket connection: bytes to frames to messages for the receiver, and frames to bytes.
///
/// It writes whole frames, so that nothing but TLS stands between it and the socket. The receiver is called on the event loop, without a hop,
/// a task or a stream.
package final class WebSocketHandler: ChannelInboundHandler, LoopMember, @unchecked Sendable {
    // Unchecked, as it is confined to its event loop: NIO calls it there, and `SessionOutbound` promises that the session does.

    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    let loop: SessionLoop
    let limits: WebSocketLimits
    /// Where this connection stands in its loop's list.
    var position: Int?
    var context: ChannelHandlerContext?
    private var receiver: (any WebSocketReceiver)?
    var handshake = CloseHandshake()
    var waiting: OutboundQueue<ByteBuffer>
    /// Whether the socket takes more, as the channel said last.
    private(set) var isWritable = true
    /// What is written at the end of the turn.
    var gathered: FrameRun?
    var isFlushScheduled = false
    var closeDeadline: Scheduled<Void>?
    private var parser: WebSocketFrameParser
    private var assembler: MessageAssembler
    /// The last ping that is not answered; older ones needn't be (RFC 6455, section 5.5.3).
    private var unansweredPing: ByteBuffer?

    init(loop: SessionLoop, limits: WebSocketLimits, takesBinary: Bool = false) {
        self.loop = loop
        self.limits = limits
        waiting = OutboundQueue(limit: limits.outboundLimit)
        parser = WebSocketFrameParser(source: .client, maxPayload: limits.maxFrameBytes)
        assembler = MessageAssembler(maxBytes: limits.maxFrameBytes, takesBinary: takesBinary)
    }

    /// Gives the connection its receiver and begins it.
    func start(_ receiver: any WebSocketReceiver) {
        loop.eventLoop.assertInEventLoop()
        guard context != nil else { return receiver.connectionClosed() }
        self.receiver = receiver
        receiver.start()
    }

    func tick() {
        guard handshake.isOpen else { return }
        receiver?.tick()
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isWritable = context.channel.isWritable
        loop.add(self)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        disconnect()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        disconnect()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard handshake.readsFrames else { return }
        parser.append(Self.unwrapInboundIn(data))
        do throws(WebSocketViolation) {
            var isActive = false
            while handshake.readsFrames, let frame = try parser.next() {
                if !isActive {
                    isActive = true
                    receiver?.noteActivity()
                }
                try receive(frame)
            }
        } catch {
            fail(error)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        answerPing()
        context.fireChannelReadComplete()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable {
            drain()
            receiver?.drained()
            answerPing()
        }
        context.fireChannelWritabilityChanged()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            close(.goingAway, after: nil)
        case let event as ChannelEvent where event == .inputClosed:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What fails below is the socket or TLS: neither can be written to any more.
        context.close(promise: nil)
    }

    private func receive(_ frame: WebSocketFrame) throws(WebSocketViolation) {
        switch frame.opcode {
        case .close:
            try receiveClose(frame.payload)
        case .ping:
            unansweredPing = frame.payload
        case .pong:
            break
        case .text, .binary, .continuation:
            guard handshake.isOpen else { return }
            guard let message = try assembler.receive(frame) else { return }
            receiver?.receive(message)
        }
    }

    private func receiveClose(_ payload: ByteBuffer) throws(WebSocketViolation) {
        let status = try CloseStatus(parsing: payload)
        switch handshake.receivedClose() {
        case .echo:
            finish(with: CloseStatus(code: status.code), within: limits.closeTimeout, isReset: false)
            closeSocketWhenWritten()
        case .closeSocket:
            context?.close(promise: nil)
        case .ignore:
            break
        }
    }

    private func fail(_ violation: WebSocketViolation) {
        guard handshake.fail() else { return }
        finish(with: CloseStatus(code: violation.code, reason: violation.reason), within: .seconds(1), isReset: false)
    }

    /// Waits while the socket takes no more, so that pings alone can't fill the outbound buffer.
    private func answerPing() {
        guard handshake.isOpen, isWritable, let payload = unansweredPing else { return }
        unansweredPing = nil
        gather(ServerFraming.control(.pong, payload: payload))
    }

    private func disconnect() {
        guard context != nil else { return }
        context = nil
        handshake.socketClosed()
        waiting.removeAll()
        gathered = nil
        closeDeadline?.cancel()
        closeDeadline = nil
        loop.remove(self)
        // The receiver holds this handler as its way out: letting go of it ends the cycle.
        let receiver = self.receiver
        self.receiver = nil
        receiver?.connectionClosed()
    }
}
