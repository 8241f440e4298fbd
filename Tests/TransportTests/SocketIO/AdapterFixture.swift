import Actors
import LocalCluster
import Logging
import NIOCore
import TestSupport
import Transport

/// One instance's adapter with clients of its own, on a real Redis.
struct AdapterFixture: Sendable {
    let link: AdapterLink
    let adapter: SocketIOAdapter
    let bus: AdapterBus
    let inner = RecordingBus()
    let log = Recorder<RecordedLine>()
    let counters = CounterRecorder()
    private let executor = TestExecutor()

    init(_ server: RedisServer, _ format: AdapterFormat, instance: String, configure: (inout AdapterLink.Options) -> Void = { _ in }) throws
    {
        try self.init(server.url, format, instance: instance, configure: configure)
    }

    init(_ url: String, _ format: AdapterFormat, instance: String, configure: (inout AdapterLink.Options) -> Void = { _ in }) throws {
        let lines = log
        var options = AdapterLink.Options()
        // Longer than a busy machine sleeps: what was published meanwhile would be gone.
        options.probeTimeout = .seconds(90)
        options.connectTimeout = .seconds(30)
        configure(&options)
        link = AdapterLink(
            format: format,
            configuration: try RedisConfiguration(url: url),
            identity: InstanceIdentity(instanceID: instance, boot: "boot-\(instance)"),
            time: RealTime(),
            options: options,
            logger: Logger(label: "SocketIOAdapter") { _ in RecordingLogHandler(lines) },
            metrics: counters
        )
        bus = AdapterBus(inner, telling: link)
        // Its clock stands still: nothing is stale, however slow the machine.
        let environment = DeliveryEnvironment(store: InMemoryStore(), bus: bus, time: ManualTime())
        adapter = SocketIOAdapter(link: link, registry: Registry(environment: environment))
    }

    /// Runs the adapter while `body` runs, from the moment at which Redis has confirmed what it subscribes to.
    func running<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await adapter.run() }
            defer { group.cancelAll() }
            await line("initialized")
            return try await body()
        }
    }

    func line(_ event: String) async {
        await log.wait { $0.contains { $0.event == event } }
    }

    /// A client of this instance.
    ///
    /// - Parameter executor: nil for the one that all clients share.
    func client(_ id: String, user: UserID = Sample.ids.next(UserID.self), on executor: (any SessionExecutor)? = nil) -> RecordingSocket {
        let socket = RecordingSocket(id: id, user: user, executor: executor ?? self.executor)
        adapter.add(socket)
        return socket
    }
}

/// A client that notes what it is told.
final class RecordingSocket: AdapterSocket {
    let socketID: String
    let connectionID: ConnectionID
    let principal: Principal
    let executor: any SessionExecutor
    let handshake = AdapterHandshake(
        userAgent: "test",
        address: "127.0.0.1",
        issued: Timestamp(milliseconds: 1_767_873_600_000)
    )
    let packets = Recorder<AdapterPacket>()
    /// Whether the connection was to be closed as well, for each time it was disconnected.
    let disconnections = Recorder<Bool>()
    /// What it acknowledges with; nil to keep silent.
    let answer: MessagePackValue?

    init(id: String, user: UserID, executor: any SessionExecutor, answer: MessagePackValue? = "yes") {
        socketID = id
        self.executor = executor
        connectionID = ConnectionID(UInt64(id.hashValue.magnitude))
        self.answer = answer
        principal = Principal(
            userID: user,
            username: "ada",
            role: .user,
            sessionID: Sample.ids.next(SessionID.self),
            authEpoch: 1,
            expiresAt: Timestamp(milliseconds: 1_867_873_600_000)
        )
    }

    /// Each event's text as it is sent. All are short, so that two bytes are the frame's head.
    var events: [String] {
        packets.elements.map { String(decoding: $0.frames[0].readableBytesView.dropFirst(2), as: UTF8.self) }
    }

    func emit(_ packet: AdapterPacket) {
        packets.append(packet)
    }

    func emit(_ packet: AdapterPacket, acknowledged: @escaping @Sendable (MessagePackValue) -> Void) {
        packets.append(packet)
        if let answer { acknowledged(answer) }
    }

    func disconnect(closesTransport: Bool) {
        disconnections.append(closesTransport)
    }
}
