package import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL

/// A WebSocket connection to a server, for `verify`, `bench` and the tests.
package final class WebSocketConnection: Sendable {
    private let channel: any Channel
    private let handler: WebSocketClientHandler
    /// The sub-protocol that the server chose.
    package let subprotocol: String?
    /// The text messages that come in. For one reader; empty where `connect` was given a callback.
    package let messages: AsyncStream<String>

    private init(channel: any Channel, handler: WebSocketClientHandler, subprotocol: String?, messages: AsyncStream<String>) {
        self.channel = channel
        self.handler = handler
        self.subprotocol = subprotocol
        self.messages = messages
    }

    /// Connects and upgrades.
    ///
    /// - Parameters:
    ///   - url: where to.
    ///   - headers: beside those of the handshake.
    ///   - subprotocols: offered, the preferred one first.
    ///   - tls: needed for `wss`.
    ///   - group: whose event loop the connection lives on.
    ///   - options: sizes and times.
    ///   - onMessage: called on the event loop with each text message, instead of `messages`.
    package static func connect(
        to url: WebSocketURL,
        headers: [(String, String)] = [],
        subprotocols: [String] = [],
        tls: NIOSSLContext? = nil,
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        options: WebSocketClientOptions = WebSocketClientOptions(),
        onMessage: (@Sendable (ByteBuffer) -> Void)? = nil
    ) async throws(WebSocketConnectError) -> WebSocketConnection {
        let eventLoop = group.next()
        let limit = options.messageBufferLimit
        let (messages, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(limit))
        if onMessage != nil { continuation.finish() }
        let handler = WebSocketClientHandler(options: options, eventLoop: eventLoop, onMessage: onMessage, messages: continuation)
        let upgraded = eventLoop.makePromise(of: String?.self)
        var bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(options.connectTimeout))
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: options.receiveBufferBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if url.isSecure {
                        guard let tls else { throw WebSocketConnectError(.unreachable, "wss needs a TLS context") }
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: Self.serverName(url.connectHost)))
                    }
                    let codec = WebSocketHandshakeHandler.Codec()
                    try pipeline.addHandler(codec.encoder)
                    try pipeline.addHandler(codec.decoder)
                    try pipeline.addHandler(
                        WebSocketHandshakeHandler(
                            url: url,
                            headers: headers,
                            subprotocols: subprotocols,
                            timeout: options.connectTimeout,
                            codec: codec,
                            handler: handler,
                            upgraded: upgraded
                        )
                    )
                }
            }
        if let bytes = options.socketReceiveBufferBytes {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(bytes))
        }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: url.connectHost, port: url.port).get()
        } catch {
            let failure = error as? WebSocketConnectError ?? WebSocketConnectError(.unreachable, "\(url.host):\(url.port): \(error)")
            upgraded.fail(failure)
            handler.abandon()
            throw failure
        }
        do {
            let subprotocol = try await upgraded.futureResult.get()
            return WebSocketConnection(channel: channel, handler: handler, subprotocol: subprotocol, messages: messages)
        } catch {
            handler.abandon()
            throw error as? WebSocketConnectError ?? WebSocketConnectError(.noAnswer, "\(error)")
        }
    }

    /// Writes one text message.
    package func send(text: String) {
        sendFrame(opcode: 0x1, payload: ByteBuffer(string: text))
    }

    /// Writes one frame, right or wrong.
    ///
    /// - Parameters:
    ///   - opcode: the lower four bits of the first byte.
    ///   - payload: unmasked.
    ///   - isFinal: the bit FIN.
    ///   - reservedBits: RSV1 to RSV3 as a number of three bits.
    ///   - isMasked: false for what a client may not do.
    package func sendFrame(
        opcode: UInt8,
        payload: ByteBuffer = ByteBuffer(),
        isFinal: Bool = true,
        reservedBits: UInt8 = 0,
        isMasked: Bool = true
    ) {
        let mask = isMasked ? handler.nextMask() : nil
        let frame = ClientFraming.frame(opcode: opcode, payload: payload, isFinal: isFinal, reservedBits: reservedBits, mask: mask)
        channel.writeAndFlush(frame, promise: nil)
    }

    /// Writes bytes as they are.
    package func sendBytes(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    /// Begins the close handshake.
    package func close(code: UInt16 = 1000, reason: String = "") {
        sendFrame(opcode: 0x8, payload: CloseStatus(code: code, reason: reason).payload)
    }

    /// Stops or goes on reading from the socket.
    package func setReading(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
        if isReading { channel.read() }
    }

    /// Ends the connection without a close handshake.
    package func disconnect() {
        channel.close(promise: nil)
    }

    /// How the connection ended; waits for it.
    package func closed() async -> WebSocketClose {
        await handler.closed()
    }

    /// Server names are for host names: TLS forbids addresses there (RFC 6066, section 3).
    private static func serverName(_ host: String) -> String? {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }
}
