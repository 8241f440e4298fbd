import Actors
import NIOCore
import NIOEmbedded
import TestSupport

@testable import Transport

/// One client of Socket.IO over long polling, on an event loop that the test turns. What its session says the test says itself, through `socket`.
final class SocketIOFixture {
    let loop = EmbeddedEventLoop()
    let connection: EngineIOConnection
    private let sockets = Recorder<SocketIOSession>()
    private let sessions = Recorder<ScriptedSession>()

    /// - Parameter answer: what the session answers a frame with, before it returns.
    init(outboundBytes: Int = 1_048_576, answer: @escaping @Sendable (ClientFrame) -> Event? = { _ in nil }) {
        // What asks for the time asks the machine's clock.
        loop.advanceTime(to: .now())
        let (sockets, sessions) = (sockets, sessions)
        let application = SocketIOApplication(namespaces: ["/"]) { link in
            let socket = SocketIOSession(link: link, connectionID: ConnectionID(1)) { id, executor, outbound, _ in
                let session = ScriptedSession(executor: executor, outbound: outbound, answer: answer)
                sessions.append(session)
                return session
            }
            sockets.append(socket)
            return socket
        }
        var configuration = EngineIOConfiguration(path: "/socket.io/")
        configuration.outboundLimit = OutboundLimit(bytes: outboundBytes)
        connection = EngineIOConnection(
            sid: "sid",
            handshake: EngineIOHandshake(peer: PeerInfo(userAgent: nil, address: nil), token: nil),
            loop: SessionLoop(eventLoop: loop),
            transport: .polling,
            configuration: configuration,
            receiver: SocketIOConnection(application: application, maxBytes: 100_000),
            server: nil
        )
        _ = connection.open()
    }

    /// Ends the event loop, which must not go while timers wait.
    func end() {
        connection.close(.goingAway)
        try? loop.syncShutdownGracefully()
    }

    /// The client's socket; there is one once it has sent CONNECT.
    var socket: SocketIOSession { sockets.elements[0] }

    /// What the client asked for so far.
    var frames: [ClientFrame] { sessions.elements.flatMap(\.received.elements) }

    /// A POST of the client.
    func post(_ text: String) -> EngineIOError? {
        let error = connection.postEnded(.success(ByteBuffer(string: text)))
        loop.run()
        return error
    }

    /// A GET of the client: the packets that it is answered with; empty where it is parked, or refused.
    func get() -> [String] {
        loop.run()
        let answers = Recorder<[String]>()
        connection.pollBegan(
            PendingPoll { answer in
                let text = (try? answer.get()).map { String(buffer: $0) } ?? ""
                answers.append(text.split(separator: "\u{1E}").map(String.init))
            }
        )
        return answers.elements.first ?? []
    }

    /// Has the client send CONNECT, and the session welcome it.
    func connect(from offset: SyncOffset? = nil) {
        var text = ByteBuffer()
        offset?.write(to: &text)
        _ = post(#"40{"token":"token","pid":"pid","offset":"\#(String(buffer: text))"}"#)
        _ = socket.send(.welcome(testWelcome(stamp: offset == nil ? Stamp(7) : nil)))
        loop.run()
    }

    /// As `connect`, with what it is answered taken away, and nothing told for so long that the next offset is told at once.
    func join() {
        connect()
        _ = get()
        socket.pace = OffsetPace()
    }
}

/// A session that notes what it is asked.
private actor ScriptedSession: ConnectionSession {
    private nonisolated let executor: any SessionExecutor
    nonisolated let received = Recorder<ClientFrame>()
    private let outbound: any SessionOutbound
    private let answer: @Sendable (ClientFrame) -> Event?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        executor: any SessionExecutor,
        outbound: any SessionOutbound,
        answer: @escaping @Sendable (ClientFrame) -> Event?
    ) {
        self.executor = executor
        self.outbound = outbound
        self.answer = answer
    }

    func start() {}

    func receive(_ frame: ClientFrame) {
        received.append(frame)
        if let event = answer(frame) { _ = outbound.send(event) }
    }

    func noteActivity() {}

    func tick() {}

    func connectionClosed() {}
}
