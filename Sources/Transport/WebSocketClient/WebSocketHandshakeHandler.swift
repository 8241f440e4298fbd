import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Asks a server for the upgrade and puts the WebSocket handler in HTTP's place when it agrees.
final class WebSocketHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// The handlers that speak HTTP, to be taken out at the upgrade.
    struct Codec {
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
    }

    private static let maxBodyBytes = 64 * 1_024

    private let url: WebSocketURL
    private let headers: [(String, String)]
    private let subprotocols: [String]
    private let timeout: Duration
    private let codec: Codec
    private let handler: WebSocketClientHandler
    private let upgraded: EventLoopPromise<String?>
    private let key = NIOWebSocketClientUpgrader.randomRequestKey()
    private var answer: HTTPResponseHead?
    private var body = ByteBuffer()
    private var isDone = false
    private var deadline: Scheduled<Void>?

    init(
        url: WebSocketURL,
        headers: [(String, String)],
        subprotocols: [String],
        timeout: Duration,
        codec: Codec,
        handler: WebSocketClientHandler,
        upgraded: EventLoopPromise<String?>
    ) {
        self.url = url
        self.headers = headers
        self.subprotocols = subprotocols
        self.timeout = timeout
        self.codec = codec
        self.handler = handler
        self.upgraded = upgraded
    }

    func channelActive(context: ChannelHandlerContext) {
        var fields = HTTPHeaders([
            ("Host", url.authority), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
        ])
        if !subprotocols.isEmpty { fields.add(name: "Sec-WebSocket-Protocol", value: subprotocols.joined(separator: ", ")) }
        // What the caller gives stands in place of what would be sent: tests break the handshake this way.
        for (name, value) in headers { fields.replaceOrAdd(name: name, value: value) }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target, headers: fields)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
            self.fail(WebSocketConnectError(.noAnswer, "no answer in time"), context)
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else {
            context.fireChannelRead(data)
            return
        }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            answer = head
        case .body(let part):
            if body.readableBytes + part.readableBytes <= Self.maxBodyBytes { body.writeImmutableBuffer(part) }
        case .end:
            if let answer, answer.status == .switchingProtocols {
                upgrade(answer, context)
            } else {
                failWithRefusal(context)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if answer == nil {
            fail(WebSocketConnectError(.noAnswer, "the connection ended before an answer"), context)
        } else {
            failWithRefusal(context)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(WebSocketConnectError(error is HTTPParserError ? .badAnswer : .unreachable, "\(error)"), context)
    }

    private func upgrade(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        let upgrader = NIOTypedWebSocketClientUpgrader<Void>(
            requestKey: key,
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        guard upgrader.shouldAllowUpgrade(upgradeResponse: head) else {
            fail(WebSocketConnectError(.badAnswer, "the server's Sec-WebSocket-Accept is wrong"), context)
            return
        }
        isDone = true
        deadline?.cancel()
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(handler, position: .after(self))
        } catch {
            context.close(promise: nil)
            return
        }
        pipeline.removeHandler(codec.encoder, promise: nil)
        // The decoder leaves in the loop's next turn and hands on what it hasn't read.
        pipeline.removeHandler(codec.decoder).assumeIsolated().whenComplete { _ in
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        upgraded.succeed(head.headers.first(name: "Sec-WebSocket-Protocol"))
    }

    private func failWithRefusal(_ context: ChannelHandlerContext) {
        guard let refusal = answer else { return }
        var headers: [String: String] = [:]
        for (name, value) in refusal.headers { headers[name.lowercased()] = value }
        let response = WebSocketConnectError.Response(status: Int(refusal.status.code), headers: headers, body: String(buffer: body))
        fail(WebSocketConnectError(.refused, "the server answered \(refusal.status)", response: response), context)
    }

    private func fail(_ error: WebSocketConnectError, _ context: ChannelHandlerContext) {
        guard !isDone else { return }
        isDone = true
        deadline?.cancel()
        upgraded.fail(error)
        context.close(promise: nil)
    }
}
