import Actors
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// Stands behind the HTTP codec: answers requests for a WebSocket itself, by an upgrade or a refusal, and lets all others through.
///
/// The HTTP handlers are added at the first request that needs them, so that a connection that begins with an upgrade never has them.
final class UpgradeGate: ChannelDuplexHandler, RemovableChannelHandler, @unchecked Sendable {
    // Unchecked, as it is confined to its event loop: NIO calls it there, and the task that authenticates comes back to it.

    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The handlers that speak HTTP, to be taken out at an upgrade.
    struct Codec {
        let encoder: HTTPResponseEncoder
        let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    }

    private let services: WebSocketServices
    private let loop: SessionLoop
    private let loops: SessionLoops
    private let logger: Logger
    private let outcome: EventLoopPromise<AcceptedConnection.Outcome>
    private var codec: Codec?
    private var httpState: HTTPConnectionStateHandler?
    private let paths: UpgradePaths
    private var state: UpgradeGateState
    private var deadline: Scheduled<Void>?
    /// Runs while the body of a request is on its way.
    private var bodyDeadline: Scheduled<Void>?
    private var authentication: Task<Void, Never>?
    private var context: ChannelHandlerContext?
    private var hasOutcome = false

    init(
        services: WebSocketServices,
        loops: SessionLoops,
        loop: SessionLoop,
        codec: Codec,
        logger: Logger,
        outcome: EventLoopPromise<AcceptedConnection.Outcome>
    ) {
        self.services = services
        self.loops = loops
        self.loop = loop
        self.codec = codec
        self.logger = logger
        self.outcome = outcome
        paths = UpgradePaths(engineIO: services.engineIO)
        state = UpgradeGateState(paths: paths)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        setDeadline()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !state.isUpgraded else {
            // By now these are WebSocket's bytes on their way from the decoder that leaves.
            context.fireChannelRead(data)
            return
        }
        let part = Self.unwrapInboundIn(data)
        limitBody(part)
        let action = state.received(part)
        carryOut(action, part: data)
    }

    /// What comes in drips would hold its connection for ever: each drip is a sign of life.
    private func limitBody(_ part: HTTPServerRequestPart) {
        switch part {
        case .head:
            bodyDeadline?.cancel()
            bodyDeadline = context?.eventLoop.scheduleTask(in: TimeAmount(services.limits.bodyTimeout)) {
                UpgradeMetrics.shared.closedSlowRequest()
                self.context?.close(promise: nil)
            }
        case .body:
            break
        case .end:
            bodyDeadline?.cancel()
            bodyDeadline = nil
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !state.isUpgraded else {
            context.write(data, promise: promise)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            state.responding(head)
            if state.isLastResponse { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            context.write(data, promise: promise)
            if state.isLastResponse { lingerAndClose() }
            carryOut(state.responded(), part: nil)
        case .head, .body:
            context.write(data, promise: promise)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent where state.isNew || state.isEnding:
            context.close(promise: nil)
        case is ChannelShouldQuiesceEvent where state.isDeciding:
            refuse(.draining)
        case let event as ChannelEvent where event == .inputClosed && (state.isNew || state.isDeciding || state.isEnding):
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard state.isNew || state.isDeciding, let error = error as? HTTPParserError else {
            context.fireErrorCaught(error)
            return
        }
        if error == .headerOverflow {
            let refusal = RequestError(.badRequest, "The request's headers are too large.")
            refuse(UpgradeRefusal(status: .requestHeaderFieldsTooLarge, error: refusal))
        } else {
            refuse(.badRequest("This is not an HTTP request."))
        }
    }

    private func carryOut(_ action: UpgradeGateState.RequestAction, part: NIOAny?) {
        guard let context else { return }
        switch action {
        case .beginHTTP:
            do {
                try beginHTTP(context)
                if let part { context.fireChannelRead(part) }
            } catch {
                context.close(promise: nil)
            }
        case .pass:
            if let part { context.fireChannelRead(part) }
        case .judge(let head):
            judge(head)
        case .ignore:
            break
        }
    }

    private func beginHTTP(_ context: ChannelHandlerContext) throws {
        cancelDeadline()
        try context.channel.syncOptions?.setOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
        let pipeline = context.pipeline.syncOperations
        let httpState = HTTPConnectionStateHandler(idleTimeout: services.limits.idleTimeout, logger: logger)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: services.tls != nil))
        try pipeline.addHandler(httpState)
        self.httpState = httpState
        let channel = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
            wrappingChannelSynchronously: context.channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
        conclude(.http(channel))
    }

    private func judge(_ head: HTTPRequestHead) {
        guard let context else { return }
        if deadline == nil { setDeadline() }
        let endpoint = RequestEndpoint(
            socketAddress: context.remoteAddress?.ipAddress,
            isSecure: services.tls != nil,
            trustedProxies: services.trustedProxies,
            header: { head.headers.first(name: $0) }
        )
        do throws(UpgradeRefusal) {
            if case .engineIO(let server) = paths.target(of: head) {
                let request = try server.judgeUpgrade(head, endpoint: endpoint)
                guard services.admission.admit(connection: context.channel) else { throw .full }
                upgrade(head, Admission(engineIO: request, server: server, loop: loop, limits: services.limits))
                return
            }
            let request = try UpgradeRequest(head, endpoint: endpoint, origins: services.origins)
            guard !services.refusesConnections() else { throw .draining }
            guard services.admission.admit(connection: context.channel) else { throw .full }
            authenticate(head, request)
        } catch {
            refuse(error)
        }
    }

    private func authenticate(_ head: HTTPRequestHead, _ request: UpgradeRequest) {
        guard let token = request.token else {
            upgrade(head, admission(request, principal: nil))
            return
        }
        authentication = Task { [services, loop] in
            let result: Result<Principal, RequestError>
            do throws(RequestError) {
                result = .success(try await services.authenticate(token))
            } catch {
                result = .failure(error)
            }
            loop.eventLoop.execute {
                self.authenticated(result, head, request)
            }
        }
    }

    private func authenticated(_ result: Result<Principal, RequestError>, _ head: HTTPRequestHead, _ request: UpgradeRequest) {
        authentication = nil
        guard state.isDeciding else { return }
        switch result {
        case .success(let principal):
            if services.refusesConnections() {
                refuse(.draining)
            } else {
                upgrade(head, admission(request, principal: principal))
            }
        case .failure(let error):
            refuse(UpgradeRefusal(error))
        }
    }

    private func admission(_ request: UpgradeRequest, principal: Principal?) -> Admission {
        let opening = ConnectionOpening(principal: principal, peer: request.peer, resumes: request.resumes)
        return Admission(headers: request.headers, limits: services.limits) { [services, loops, loop] handler in
            SessionReceiver(session: services.makeSession(loops.nextConnectionID(), loop.executor, handler, opening))
        }
    }

    /// Answers 101 and puts the WebSocket handler in HTTP's place.
    private func upgrade(_ head: HTTPRequestHead, _ admission: Admission) {
        guard let context else { return }
        // NIO's upgrader knows how the accept key is made (RFC 6455, section 4.2.2); its answer is there at once.
        let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(admission.headers) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        upgrader.buildUpgradeResponse(channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:]).whenComplete { result in
            switch result {
            case .success(let headers): self.switchProtocols(headers, admission)
            case .failure: self.refuse(.badRequest("The WebSocket handshake is not valid."))
            }
        }
    }

    private func switchProtocols(_ headers: HTTPHeaders, _ admission: Admission) {
        guard let context, let codec, state.isDeciding else { return }
        cancelDeadline()
        let handler = WebSocketHandler(loop: loop, limits: admission.limits, takesBinary: admission.takesBinary)
        let pipeline = context.pipeline.syncOperations
        do {
            let response = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
            context.writeAndFlush(Self.wrapOutboundOut(.head(response)), promise: nil)
            state.upgraded()
            let allocator = FixedSizeRecvByteBufferAllocator(capacity: services.limits.receiveBufferBytes)
            try context.channel.syncOptions?.setOption(.recvAllocator, value: allocator)
            // With half-closure a client that is gone would look like one that listens.
            try context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            try pipeline.addHandler(handler, position: .after(self))
        } catch {
            context.close(promise: nil)
            return
        }
        // Its idle timer would close a connection that speaks no HTTP.
        if let httpState { pipeline.removeHandler(httpState, promise: nil) }
        httpState = nil
        pipeline.removeHandler(codec.encoder, promise: nil)
        handler.start(admission.makeReceiver(handler))
        self.codec = nil
        // The decoder leaves in the loop's next turn and hands on what it hasn't read.
        pipeline.removeHandler(codec.decoder).whenComplete { _ in
            self.context?.fireChannelReadComplete()
            self.context?.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        conclude(.webSocket)
    }

    private func refuse(_ refusal: UpgradeRefusal) {
        guard let context, !state.isEnding, !state.isUpgraded else { return }
        UpgradeMetrics.shared.refused(status: refusal.status.code)
        state.refused()
        authentication?.cancel()
        authentication = nil
        context.write(Self.wrapOutboundOut(.head(refusal.head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(refusal.body))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        lingerAndClose()
    }

    /// Closes this end and waits a second for the other: closing at once while bytes are unread would reset the connection
    /// and could take the answer away from the client (RFC 9112, section 9.6).
    private func lingerAndClose() {
        guard let context else { return }
        cancelDeadline()
        context.flush()
        context.close(mode: .output, promise: nil)
        deadline = context.eventLoop.scheduleTask(in: .seconds(1)) {
            self.context?.close(promise: nil)
        }
    }

    private func setDeadline() {
        guard let context else { return }
        deadline = context.eventLoop.scheduleTask(in: TimeAmount(services.limits.handshakeTimeout)) {
            self.deadline = nil
            if self.state.isDeciding {
                self.refuse(.tooSlow)
            } else {
                UpgradeMetrics.shared.closedSlowRequest()
                self.context?.close(promise: nil)
            }
        }
    }

    private func cancelDeadline() {
        deadline?.cancel()
        deadline = nil
    }

    private func conclude(_ result: AcceptedConnection.Outcome) {
        guard !hasOutcome else { return }
        hasOutcome = true
        outcome.succeed(result)
    }

    private func end() {
        context = nil
        cancelDeadline()
        bodyDeadline?.cancel()
        bodyDeadline = nil
        authentication?.cancel()
        authentication = nil
        codec = nil
        httpState = nil
        conclude(.closed)
    }
}
