package import Actors
import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension WebSocketHandler: SessionOutbound {
    package func send(_ event: Event) -> OutboundAdmission {
        guard handshake.isOpen else { return .skipped }
        return write(ServerFraming.frame(event), isEssential: event.isEssential)
    }

    package func send(_ event: SharedEvent) -> OutboundAdmission {
        guard handshake.isOpen else { return .skipped }
        return write(loop.latestFrame.of(event, ServerFraming.frame), isEssential: event.isEssential)
    }

    package var isPressed: Bool { limits.outboundLimit.isPressed(by: backlog) }

    /// Bytes that wait for the client, here and in the socket's own buffer.
    var waitingBytes: Int {
        guard let context else { return 0 }
        return isWritable ? waiting.bytes : waiting.bytes + bufferedBytes(context)
    }

    package func flush() {
        flushFrames()
    }

    package func ping() {
        guard handshake.isOpen, isWritable else { return }
        gather(ServerFraming.ping)
    }

    package func close(_ reason: EndReason, after event: Event?) {
        close(ConnectionEnding(reason), after: event.map { [ServerFraming.frame($0)] } ?? [])
    }
}

extension WebSocketHandler {
    /// Bytes of frames that are copied into one piece: more are cheaper as they are.
    private static let longestRun = 8_192

    /// As `close(_:after:)`, with frames that are encoded already.
    func close(_ ending: ConnectionEnding, after frames: [ByteBuffer]) {
        loop.eventLoop.assertInEventLoop()
        guard handshake.begin() else { return }
        if ending.jumpsQueue { waiting.removeAll() }
        writeAllWaiting()
        for frame in frames { gather(frame) }
        finish(
            with: ending.status,
            within: ending.jumpsQueue ? limits.kickTimeout : limits.closeTimeout,
            isReset: ending.jumpsQueue
        )
    }

    /// Writes one frame now or when the socket takes it.
    func send(_ frame: ByteBuffer, isEssential: Bool) -> OutboundAdmission {
        guard handshake.isOpen else { return .skipped }
        return write(frame, isEssential: isEssential)
    }

    /// Bytes that wait for a client that doesn't read; 0 while the socket takes more.
    var backlog: Int {
        guard let context, !isWritable else { return 0 }
        return waiting.bytes + bufferedBytes(context)
    }

    /// Writes the close frame after all that waits and gives the client `timeout` to answer it.
    ///
    /// - Parameter isReset: true where a client that hasn't closed by then is cut off (RST), so that nothing is delivered later.
    func finish(with status: CloseStatus, within timeout: Duration, isReset: Bool) {
        guard let context else { return }
        writeAllWaiting()
        gather(ServerFraming.control(.close, payload: status.payload))
        // At once: nothing more will come that could share the system call.
        flush()
        closeDeadline = context.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
            self.closeDeadline = nil
            self.closeSocket(isReset: isReset)
        }
    }

    /// Closes the socket when the last byte has left; the deadline holds all the same.
    func closeSocketWhenWritten() {
        context?.writeAndFlush(Self.wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            self.closeSocket(isReset: false)
        }
    }

    @discardableResult
    func flushFrames() -> Int {
        isFlushScheduled = false
        guard let run = gathered else { return 0 }
        gathered = nil
        context?.writeAndFlush(Self.wrapOutboundOut(run.bytes), promise: nil)
        return run.count
    }

    func flushSoon() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.flushSoon(self)
    }

    /// Writes what waited, as much as the socket takes.
    func drain() {
        while isWritable, let frame = waiting.next() { gather(frame) }
    }

    private func write(_ frame: ByteBuffer, isEssential: Bool) -> OutboundAdmission {
        loop.eventLoop.assertInEventLoop()
        let admission = offer(frame, isEssential: isEssential)
        // Much may be written in one turn: only what the socket refuses when it is tried waits for the client.
        guard admission == .overflow, isFlushScheduled else { return admission }
        repeat { flush() } while isFlushScheduled
        return offer(frame, isEssential: isEssential)
    }

    private func offer(_ frame: ByteBuffer, isEssential: Bool) -> OutboundAdmission {
        guard let context else { return .skipped }
        switch waiting.offer(
            frame,
            bytes: frame.readableBytes,
            isEssential: isEssential,
            isWritable: isWritable,
            buffered: isWritable ? 0 : bufferedBytes(context)
        ) {
        case .write:
            gather(frame)
            return .accepted
        case .wait:
            return .accepted
        case .skip:
            return .skipped
        case .overflow:
            return .overflow
        }
    }

    /// Hands what waits to the socket whether it takes more or not: before a close, and no more than the outbound limit.
    private func writeAllWaiting() {
        while let frame = waiting.next() { gather(frame) }
    }

    /// Writes a frame with the others of this turn.
    func gather(_ frame: ByteBuffer) {
        if let gathered, gathered.bytes.readableBytes + frame.readableBytes > Self.longestRun { writeGathered() }
        gathered = (gathered ?? loop.emptyRun).appending(frame)
        flushSoon()
    }

    private func writeGathered() {
        guard let run = gathered else { return }
        gathered = nil
        context?.write(Self.wrapOutboundOut(run.bytes), promise: nil)
    }

    private func bufferedBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private func closeSocket(isReset: Bool) {
        guard let context else { return }
        if isReset, let socket = context.channel as? any SocketOptionProvider {
            // A failure leaves an ordinary close, which is all that can be done then.
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
        }
        // TLS would wait for the client to take its leave: a reset goes past it.
        let tls = isReset ? try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) : nil
        (tls ?? context).close(promise: nil)
    }
}
