import NIOCore
import Synchronization

/// The client's end of an upgraded connection: reads frames, answers pings and closes.
final class WebSocketClientHandler: ChannelInboundHandler, @unchecked Sendable {
    // Unchecked, as the variables are confined to the event loop; what others may call works on atomics and promises.

    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let options: WebSocketClientOptions
    private let onMessage: (@Sendable (ByteBuffer) -> Void)?
    private let messages: AsyncStream<String>.Continuation
    private let closePromise: EventLoopPromise<WebSocketClose>
    /// A counter that is spread over 32 bits; masks protect proxies from scripts of strangers, and there are none here.
    private let maskCounter = Atomic<UInt32>(.random(in: .min ... .max))
    private var parser: WebSocketFrameParser
    private var parts: ByteBuffer?
    private var received: CloseStatus?
    private var hasEnded = false

    init(
        options: WebSocketClientOptions,
        eventLoop: any EventLoop,
        onMessage: (@Sendable (ByteBuffer) -> Void)?,
        messages: AsyncStream<String>.Continuation
    ) {
        self.options = options
        self.onMessage = onMessage
        self.messages = messages
        closePromise = eventLoop.makePromise()
        parser = WebSocketFrameParser(source: .server, maxPayload: options.maxMessageBytes)
    }

    func nextMask() -> UInt32 {
        maskCounter.wrappingAdd(1, ordering: .relaxed).newValue &* 0x9E37_79B9
    }

    func closed() async -> WebSocketClose {
        (try? await closePromise.futureResult.get()) ?? WebSocketClose(code: nil, reason: "", isClean: false)
    }

    /// The connection never came about.
    func abandon() {
        messages.finish()
        closePromise.futureResult.eventLoop.execute { self.end() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.append(Self.unwrapInboundIn(data))
        do throws(WebSocketViolation) {
            while received == nil, let frame = try parser.next() {
                try receive(frame, context)
            }
        } catch {
            write(.close, CloseStatus(code: error.code, reason: error.reason).payload, context)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func receive(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) throws(WebSocketViolation) {
        switch frame.opcode {
        case .close:
            let status = try CloseStatus(parsing: frame.payload)
            received = status
            // The server closes the socket first (RFC 6455, section 7.1.1).
            write(.close, CloseStatus(code: status.code).payload, context)
        case .ping:
            if options.answersPings { write(.pong, frame.payload, context) }
        case .pong:
            break
        case .text, .binary:
            guard parts == nil else { throw .protocolError("new message inside another") }
            if frame.isFinal { deliver(frame.payload, context) } else { parts = frame.payload }
        case .continuation:
            guard var joined = parts else { throw .protocolError("continuation of nothing") }
            guard joined.readableBytes + frame.payload.readableBytes <= options.maxMessageBytes else { throw .tooLarge }
            joined.writeImmutableBuffer(frame.payload)
            parts = frame.isFinal ? nil : joined
            if frame.isFinal { deliver(joined, context) }
        }
    }

    private func deliver(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
        if let onMessage {
            onMessage(message)
        } else if case .dropped = messages.yield(String(buffer: message)) {
            // A hole would be worse than an end.
            context.close(promise: nil)
        }
    }

    private func write(_ opcode: WebSocketFrame.Opcode, _ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        let frame = ClientFraming.frame(opcode: opcode.rawValue, payload: payload, mask: nextMask())
        context.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        messages.finish()
        closePromise.succeed(WebSocketClose(code: received?.code, reason: received?.reason ?? "", isClean: received != nil))
    }
}
