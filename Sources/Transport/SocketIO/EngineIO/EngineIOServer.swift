import Actors
package import NIOCore
import NIOHTTP1

/// Engine.IO on one path: judges requests and knows the sessions that are on this instance.
package final class EngineIOServer: Sendable {
    private struct Sessions {
        var connections: [String: EngineIOConnection] = [:]
        /// Those that long polling carries, or is about to.
        var polling: Set<String> = []
    }

    package let configuration: EngineIOConfiguration
    private let instanceTag: String
    private let origins: AllowedOrigins
    private let refusesConnections: @Sendable () -> Bool
    private let makeReceiver: @Sendable () -> any EngineIOReceiver
    private let sessions = Locked(Sessions())

    /// - Parameters:
    ///   - instanceID: stands in the ids of sessions, so that a proxy can send each request where its session is.
    ///   - origins: the origins that a browser's page may have.
    ///   - refusesConnections: whether new sessions are refused with 503.
    ///   - makeReceiver: what a session's messages are for; called on its event loop.
    package init(
        configuration: EngineIOConfiguration,
        instanceID: String,
        origins: AllowedOrigins,
        refusesConnections: @escaping @Sendable () -> Bool = { false },
        makeReceiver: @escaping @Sendable () -> any EngineIOReceiver
    ) {
        self.configuration = configuration
        self.origins = origins
        self.refusesConnections = refusesConnections
        self.makeReceiver = makeReceiver
        // A colon would be escaped in a URL.
        instanceTag = String(instanceID.map { $0 == ":" ? "." : $0 })
    }

    /// Sessions on this instance.
    package var count: Int { sessions.withLock { $0.connections.count } }

    /// Ends every session; the clients come back by themselves.
    package func closeAll() {
        for connection in sessions.withLock({ Array($0.connections.values) }) {
            connection.loop.eventLoop.execute { connection.close(.goingAway) }
        }
    }

    private func connection(_ sid: some StringProtocol) -> EngineIOConnection? {
        sessions.withLock { $0.connections[String(sid)] }
    }

    private func makeSID() -> String {
        "\(SecretID.make()).\(instanceTag)"
    }

    private func makeConnection(
        _ sid: String,
        _ handshake: EngineIOHandshake,
        on loop: SessionLoop,
        over transport: EngineIOState.Transport
    ) -> EngineIOConnection {
        let connection = EngineIOConnection(
            sid: sid,
            handshake: handshake,
            loop: loop,
            transport: transport,
            configuration: configuration,
            receiver: makeReceiver(),
            server: self
        )
        sessions.withLock { $0.connections[sid] = connection }
        return connection
    }

    /// A WebSocket has taken over from long polling.
    func changedOver(_ connection: EngineIOConnection) {
        sessions.withLock { _ = $0.polling.remove(connection.sid) }
    }

    /// The session has ended.
    func forget(_ connection: EngineIOConnection) {
        sessions.withLock {
            $0.connections[connection.sid] = nil
            $0.polling.remove(connection.sid)
        }
    }

    private func checkOrigin(_ headers: [String], own: WebOrigin?) throws(EngineIOError) {
        guard let first = headers.first else { return }
        guard headers.count == 1, origins.allows(first, own: own) else {
            throw .forbidden("This origin is not allowed; ALLOWED_ORIGINS lists those that are.")
        }
    }
}

// WebSocket.
extension EngineIOServer {
    /// Decides on a request for a WebSocket by its head.
    func judgeUpgrade(_ head: HTTPRequestHead, endpoint: RequestEndpoint) throws(UpgradeRefusal) -> EngineIOUpgrade {
        do throws(EngineIOError) {
            let query = EngineIOQuery(uri: head.uri)
            switch query.transport {
            case "websocket": break
            case "polling" where configuration.allowsPolling: throw .badRequest
            default: throw .unknownTransport
            }
            try checkOrigin(head.headers["Origin"], own: endpoint.ownOrigin)
            do throws(UpgradeRefusal) {
                try UpgradeRequest.checkHandshake(head)
            } catch {
                throw .badRequest
            }
            let peer = PeerInfo(
                userAgent: head.headers.first(name: "User-Agent").map { String($0.prefix(256)) },
                address: endpoint.clientAddress
            )
            let token =
                head.headers.first(name: "Authorization").flatMap(CarriedToken.bearer) ?? CarriedToken.cookie(head.headers["Cookie"])
            let handshake = EngineIOHandshake(peer: peer, token: token)
            if let sid = query.sid {
                guard let connection = connection(sid) else { throw .unknownSession }
                return EngineIOUpgrade(handshake: handshake, connection: connection)
            }
            guard query.version == "4" else { throw .unsupportedVersion }
            guard !refusesConnections() else { throw .unavailable }
            return EngineIOUpgrade(handshake: handshake, connection: nil)
        } catch {
            throw UpgradeRefusal(error)
        }
    }

    /// Gives a new WebSocket connection to its session; called on the connection's event loop.
    func makeSocket(_ handler: WebSocketHandler, for upgrade: EngineIOUpgrade, on loop: SessionLoop) -> EngineIOSocket {
        let connection = upgrade.connection ?? makeConnection(makeSID(), upgrade.handshake, on: loop, over: .webSocket)
        return EngineIOSocket(handler: handler, connection: connection, limit: configuration.outboundLimit)
    }
}

/// One HTTP request for Engine.IO.
package struct EngineIORequest: Sendable {
    package let method: String
    /// Path and query.
    package let uri: String
    package let origin: String?
    package let endpoint: RequestEndpoint
    package let handshake: EngineIOHandshake
    package let contentType: String?
    /// The connection that the request came on.
    package let channel: any Channel

    package init(
        method: String,
        uri: String,
        origin: String?,
        endpoint: RequestEndpoint,
        handshake: EngineIOHandshake,
        contentType: String?,
        channel: any Channel
    ) {
        self.method = method
        self.uri = uri
        self.origin = origin
        self.endpoint = endpoint
        self.handshake = handshake
        self.contentType = contentType
        self.channel = channel
    }
}

// Long polling.
extension EngineIOServer {
    /// Answers a request that is no upgrade.
    ///
    /// - Parameters:
    ///   - loops: of the event loop group that the server accepts on.
    ///   - body: reads the body; throws `.tooLarge` past `maxPayload`.
    /// - Returns: the body of the answer: packets for a GET, `ok` for a POST.
    package func respond(
        to request: EngineIORequest,
        loops: SessionLoops,
        body: () async throws(EngineIOError) -> ByteBuffer
    ) async throws(EngineIOError) -> ByteBuffer {
        let query = EngineIOQuery(uri: request.uri)
        switch query.transport {
        case "polling" where configuration.allowsPolling: break
        // A WebSocket that didn't ask for the upgrade.
        case "websocket": throw .badRequest
        default: throw .unknownTransport
        }
        try checkOrigin(request.origin.map { [$0] } ?? [], own: request.endpoint.ownOrigin)
        guard let sid = query.sid else {
            guard request.method == "GET" else { throw .badHandshakeMethod }
            guard query.version == "4" else { throw .unsupportedVersion }
            return try await open(request, loops: loops)
        }
        guard let connection = connection(sid) else { throw .unknownSession }
        switch request.method {
        case "GET":
            return try await poll(connection, request)
        case "POST":
            guard request.contentType?.hasPrefix("application/octet-stream") != true else { throw .badRequest }
            try await post(connection, request, body)
            return ByteBuffer(string: "ok")
        default:
            throw .badRequest
        }
    }

    private func open(_ request: EngineIORequest, loops: SessionLoops) async throws(EngineIOError) -> ByteBuffer {
        let sid = makeSID()
        guard !refusesConnections(), reservePolling(sid) else { throw .unavailable }
        let loop = loops.loop(for: request.channel.eventLoop)
        return await withCheckedContinuation { continuation in
            loop.eventLoop.execute {
                let connection = self.makeConnection(sid, request.handshake, on: loop, over: .polling)
                continuation.resume(returning: connection.open())
            }
        }
    }

    /// - Returns: false where there are as many as may be.
    private func reservePolling(_ sid: String) -> Bool {
        sessions.withLock { sessions in
            guard sessions.polling.count < configuration.pollingSessionLimit else { return false }
            sessions.polling.insert(sid)
            return true
        }
    }

    private func poll(_ connection: EngineIOConnection, _ request: EngineIORequest) async throws(EngineIOError) -> ByteBuffer {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<ByteBuffer, EngineIOError>, Never>) in
            let poll = PendingPoll { continuation.resume(returning: $0) }
            DisconnectWatch.watch(request.channel, until: poll) {
                connection.loop.eventLoop.execute { connection.pollAborted(poll) }
            }
            connection.loop.eventLoop.execute { connection.pollBegan(poll) }
        }
        return try result.get()
    }

    private func post(
        _ connection: EngineIOConnection,
        _ request: EngineIORequest,
        _ body: () async throws(EngineIOError) -> ByteBuffer
    ) async throws(EngineIOError) {
        let refusal = await onLoop(of: connection) { connection.postBegan(on: request.channel) }
        if let refusal { throw refusal }
        let result: Result<ByteBuffer, EngineIOError>
        do throws(EngineIOError) {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        let failure = await onLoop(of: connection) { connection.postEnded(result) }
        if let failure { throw failure }
    }

    private func onLoop<Value: Sendable>(of connection: EngineIOConnection, _ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            connection.loop.eventLoop.execute { continuation.resume(returning: body()) }
        }
    }
}
