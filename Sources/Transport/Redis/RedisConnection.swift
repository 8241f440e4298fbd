import NIOCore
import NIOPosix
import NIOSSL

/// A pipelined connection to Redis: authenticated, in its database, and named.
final class RedisConnection: Sendable {
    let eventLoop: any EventLoop
    /// Fulfilled with the reason when the connection has ended.
    let closed: EventLoopFuture<RedisError>
    private let handler: NIOLoopBound<RedisChannelHandler>

    private init(handler: NIOLoopBound<RedisChannelHandler>, eventLoop: any EventLoop, closed: EventLoopFuture<RedisError>) {
        self.handler = handler
        self.eventLoop = eventLoop
        self.closed = closed
    }

    /// Connects to one server and logs in. A cancelled task gives up at once.
    ///
    /// - Parameters:
    ///   - endpoint: where the server is, wherever `configuration` looks for it.
    ///   - name: shown by `CLIENT LIST`.
    ///   - timeout: the most that connecting takes, and the most that logging in takes.
    ///   - receive: called on the event loop for what a subscription brings, once `subscribe` was called.
    static func open(
        _ configuration: RedisConfiguration,
        at endpoint: RedisConfiguration.Endpoint,
        name: String,
        on eventLoop: any EventLoop,
        timeout: Duration,
        receive: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) async throws(RedisError) -> RedisConnection {
        let handshake = RedisHandshake(configuration, name: name)
        let tls: NIOSSLContext?
        do {
            tls = try await makeTLSContext(configuration)
        } catch {
            throw RedisError(connecting: error)
        }
        return try await open(endpoint, handshake, tls: tls, on: eventLoop, timeout: timeout, receive: receive)
    }

    /// As the other, with what is said first.
    static func open(
        _ endpoint: RedisConfiguration.Endpoint,
        _ handshake: RedisHandshake,
        tls: NIOSSLContext?,
        on eventLoop: any EventLoop,
        timeout: Duration,
        receive: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) async throws(RedisError) -> RedisConnection {
        let attempt = connect(endpoint, handshake, tls: tls, on: eventLoop, timeout: TimeAmount(timeout), receive: receive)
        let result = eventLoop.makePromise(of: RedisConnection.self)
        attempt.cascade(to: result)
        do {
            return try await withTaskCancellationHandler {
                try await result.futureResult.get()
            } onCancel: {
                result.fail(RedisError.closed)
            }
        } catch {
            attempt.whenSuccess { $0.close() }
            throw RedisError(connecting: error)
        }
    }

    /// As `open`, for those who don't wait.
    static func connect(
        _ endpoint: RedisConfiguration.Endpoint,
        _ handshake: RedisHandshake,
        tls: NIOSSLContext?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        receive: @escaping @Sendable (ConnectionEvent) -> Void
    ) -> EventLoopFuture<RedisConnection> {
        // On the loop, so that the first commands wait before TLS can fail: whoever waits is told the reason.
        eventLoop.flatSubmit {
            dial(endpoint, tls: tls, on: eventLoop, timeout: timeout, receive: receive)
                .flatMap { connection in connection.logIn(handshake, within: timeout).map { connection } }
        }
    }

    /// Sends one command and waits for its answer. A cancelled task waits on: its neighbours' answers come over the same line.
    ///
    /// - Throws: `.timeout`, `.closed`, `.overloaded`, `.protocolViolation`; an error that Redis answers is a reply.
    func send(_ command: RedisCommand, within limit: Duration) async throws(RedisError) -> RedisReply {
        let promise = eventLoop.makePromise(of: RedisReply.self)
        eventLoop.execute {
            self.handler.value.send(command, within: TimeAmount(limit)) { promise.complete(with: $0) }
        }
        return try await Self.value(of: promise.futureResult)
    }

    /// Sends one command and calls `completion` on the event loop, where this has to be called too.
    ///
    /// - Parameter limit: how long to wait for the answer; nil as long as the connection lives.
    func send(
        _ command: RedisCommand,
        within limit: TimeAmount? = nil,
        completion: @escaping (Result<RedisReply, RedisError>) -> Void
    ) {
        handler.value.send(command, within: limit, completion: completion)
    }

    /// Subscribes, in one of Redis' ways, and returns when Redis has confirmed the last of `channels`; the connection takes no commands after it.
    ///
    /// - Throws: also `.refused`; the connection can't be used further then.
    func subscribe(
        to channels: [String],
        _ kind: SubscriptionKind = .channels,
        within limit: Duration
    ) async throws(RedisError) {
        let promise = eventLoop.makePromise(of: RedisReply.self)
        eventLoop.execute { self.handler.value.subscribe(to: channels, kind) { promise.complete(with: $0) } }
        let deadline = eventLoop.scheduleTask(in: TimeAmount(limit)) {
            self.handler.value.fail(RedisError(.timeout, "Redis did not confirm the subscription in time"))
        }
        let reply = try await Self.value(of: promise.futureResult)
        deadline.cancel()
        if let code = reply.errorCode { throw RedisError(.refused, "Redis refused \(kind.subscribe): \(code)") }
    }

    /// The connection is for sharded channels from now on: `change` subscribes, and all that comes is told as `shard`. To be called on the event
    /// loop.
    func listen() {
        handler.value.listen()
    }

    /// Writes a `SUBSCRIBE` or `UNSUBSCRIBE` of a connection that is subscribed. To be called on the event loop; each channel's answer comes to
    /// `receive`.
    func change(_ command: RedisCommand) {
        handler.value.change(command)
    }

    /// Ends the connection; who waits for an answer is told the reason.
    func close(because reason: RedisError = .closed) {
        eventLoop.execute { self.handler.value.fail(reason) }
    }

    private func logIn(_ handshake: RedisHandshake, within limit: TimeAmount) -> EventLoopFuture<Void> {
        let answers = handshake.steps.map { step in
            let promise = eventLoop.makePromise(of: RedisReply.self)
            handler.value.send(step.command, within: limit) { promise.complete(with: $0) }
            return promise.futureResult.flatMapThrowing { try handshake.check($0, of: step) }
        }
        let outcome = EventLoopFuture.andAllComplete(answers, on: eventLoop).flatMap {
            EventLoopFuture.andAllSucceed(answers, on: self.eventLoop)
        }
        outcome.whenFailure { _ in self.close() }
        return outcome
    }

    private static func dial(
        _ endpoint: RedisConfiguration.Endpoint,
        tls: NIOSSLContext?,
        on eventLoop: any EventLoop,
        timeout: TimeAmount,
        receive: @escaping @Sendable (ConnectionEvent) -> Void
    ) -> EventLoopFuture<RedisConnection> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(tlsHandler(tls, for: endpoint)) }
                    try pipeline.addHandler(RedisChannelHandler(receive: receive))
                }
            }
        let channel =
            switch endpoint {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        return channel.flatMapThrowing { channel in
            let handler = try channel.pipeline.syncOperations.handler(type: RedisChannelHandler.self)
            guard let closed = handler.closed else { throw RedisError.closed }
            return RedisConnection(handler: NIOLoopBound(handler, eventLoop: eventLoop), eventLoop: eventLoop, closed: closed)
        }
    }

    private static func tlsHandler(_ context: NIOSSLContext, for endpoint: RedisConfiguration.Endpoint) throws -> NIOSSLClientHandler {
        guard case .tcp(let host, _) = endpoint, (try? SocketAddress(ipAddress: host, port: 0)) == nil else {
            // An address is checked against the certificate as the address that the socket is connected to.
            return try NIOSSLClientHandler(context: context, serverHostname: nil)
        }
        return try NIOSSLClientHandler(context: context, serverHostname: host)
    }

    /// Reads certificates from files: on a thread that may wait.
    static func makeTLSContext(_ configuration: RedisConfiguration) async throws -> NIOSSLContext? {
        guard configuration.usesTLS else { return nil }
        return try await NIOThreadPool.singleton.runIfActive {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.minimumTLSVersion = .tlsv12
            tls.shutdownTimeout = .seconds(1)
            if let file = configuration.caFile { tls.trustRoots = .file(file) }
            do {
                return try NIOSSLContext(configuration: tls)
            } catch {
                throw RedisError(.tls, "the file of trusted certificates can't be used")
            }
        }
    }

    private static func value(of future: EventLoopFuture<RedisReply>) async throws(RedisError) -> RedisReply {
        do {
            return try await future.get()
        } catch {
            throw RedisError(connecting: error)
        }
    }
}

extension EventLoopPromise where Value: Sendable {
    func complete(with result: Result<Value, RedisError>) {
        switch result {
        case .success(let value): succeed(value)
        case .failure(let error): fail(error)
        }
    }
}
