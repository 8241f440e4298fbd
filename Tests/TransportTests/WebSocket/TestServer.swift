import Actors
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Transport

/// A real server on a free port of the loopback interface, with `TestSession`s behind `/ws` and a small HTTP responder.
final class TestServer: Sendable {
    let port: Int
    let sessions: Recorder<TestSession>
    let isDraining: Flag
    private let group: ServiceGroup

    fileprivate init(port: Int, sessions: Recorder<TestSession>, isDraining: Flag, group: ServiceGroup) {
        self.port = port
        self.sessions = sessions
        self.isDraining = isDraining
        self.group = group
    }

    func url(_ target: String = "/ws", secure: Bool = false) throws -> WebSocketURL {
        try #require(WebSocketURL("\(secure ? "wss" : "ws")://127.0.0.1:\(port)\(target)"))
    }

    func connect(
        _ target: String = "/ws",
        headers: [(String, String)] = [],
        subprotocols: [String] = [],
        options: WebSocketClientOptions = WebSocketClientOptions()
    ) async throws -> WebSocketConnection {
        try await WebSocketConnection.connect(to: url(target), headers: headers, subprotocols: subprotocols, options: options)
    }

    /// The session of the connection that was upgraded as the `number`th.
    func session(_ number: Int = 1) async -> TestSession {
        await sessions.wait(count: number)[number - 1]
    }

    func shutDown() async {
        await group.triggerGracefulShutdown()
    }
}

/// A boolean that a test changes while the server reads it.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// Runs `body` against a server of its own.
func withServer(
    limits: WebSocketLimits = WebSocketLimits(),
    origins: AllowedOrigins = AllowedOrigins(),
    proxies: TrustedProxies = TrustedProxies(),
    tls: NIOSSLContext? = nil,
    admission: ConnectionAdmission = ConnectionAdmission(),
    engineIO: [EngineIOServer] = [],
    _ body: (TestServer) async throws -> Void
) async throws {
    let sessions = Recorder<TestSession>()
    let isDraining = Flag()
    var services = WebSocketServices(
        origins: origins,
        trustedProxies: proxies,
        limits: limits,
        tls: tls.map { ServerTLS(context: $0) },
        admission: admission,
        refusesConnections: { isDraining.isSet },
        authenticate: authenticate,
        makeSession: { id, executor, outbound, opening in
            let session = TestSession(
                connectionID: id,
                executor: executor,
                outbound: outbound,
                principal: opening.principal,
                peer: opening.peer
            )
            sessions.append(session)
            return session
        }
    )
    services.engineIO = engineIO
    let eventLoops = MultiThreadedEventLoopGroup.singleton
    let ports = Recorder<Int>()
    let channel = SwitchboardChannel(responder: respond, loops: SessionLoops(group: eventLoops), services: services)
    let server = channel.server(
        configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { ports.append($0.localAddress?.port ?? 0) },
        eventLoopGroup: eventLoops,
        logger: Logger(label: "TestServer", factory: { _ in SwiftLogNoOpLogHandler() })
    )
    let group = ServiceGroup(
        configuration: .init(
            services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: Logger(label: "TestServer", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    )
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await group.run() }
        let port = await ports.wait(count: 1)[0]
        try await body(TestServer(port: port, sessions: sessions, isDraining: isDraining, group: group))
        await group.triggerGracefulShutdown()
        try await tasks.next()
    }
}

/// `good` and `slow` are tokens; `banned` is a suspended user's.
@Sendable
private func authenticate(_ token: String) async throws(RequestError) -> Principal {
    switch token {
    case "good": return testPrincipal
    case "banned": throw .suspended
    case "away": throw RequestError(.storeUnavailable, "The store did not answer.", retryAfter: .seconds(1))
    default: throw RequestError(.unauthenticated, "The token is not valid.")
    }
}

let testPrincipal = Principal(
    userID: UserID(high: 1, low: 1),
    username: "alice",
    role: .user,
    sessionID: SessionID(high: 2, low: 2),
    authEpoch: 0,
    expiresAt: Timestamp(milliseconds: .max)
)

/// What `testPrincipal` is welcomed with.
func testWelcome(stamp: Stamp?) -> Welcome {
    Welcome(
        principal: testPrincipal,
        instanceID: "A",
        heartbeat: .seconds(25),
        maxFrameBytes: 65_536,
        serverTime: Timestamp(milliseconds: 0),
        stamp: stamp
    )
}

/// Answers with the request's method and path, after its body; at `/last` without waiting for that, and as the connection's last answer.
@Sendable
private func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
    var bytes = 0
    let isLast = request.uri.path == "/last"
    if !isLast {
        for try await part in request.body { bytes += part.readableBytes }
    }
    let text = ByteBuffer(string: "\(request.method) \(request.uri.path) \(bytes)")
    var fields: HTTPFields = [.contentLength: "\(text.readableBytes)"]
    if isLast { fields[.connection] = "close" }
    var body = try await writer.writeHead(.init(status: .ok, headerFields: fields))
    try await body.write(text)
    try await body.finish(nil)
}
