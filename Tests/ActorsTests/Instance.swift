import Actors
import Logging
import Synchronization
import TestSupport

/// One instance's actors on doubles. Instances that share a store stand for a cluster.
struct Instance: Sendable {
    let time: ManualTime
    let store: InMemoryStore
    let bus: RecordingBus
    let hasher = PlainPasswordHasher()
    let registry: Registry
    let identity: InstanceIdentity
    let gate: SessionGate
    let delivery: Delivery
    let moderation: Moderation
    let accounts: Accounts
    let presence: PresenceHub
    let environment: SessionEnvironment
    private let tracing: any MessageTracing
    private let metrics: ChatMetrics
    private let logger: Logger
    private let connections = Atomic64()

    init(
        _ name: String = "A",
        store: InMemoryStore = InMemoryStore(),
        time: ManualTime = ManualTime(),
        limits: SessionLimits = SessionLimits(rateLimit: 0),
        directory: (any PresenceDirectory)? = nil,
        sharedFailures: (any LogInFailures)? = nil,
        tracing: any MessageTracing = NoTracing(),
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.tracing = tracing
        self.metrics = metrics
        self.logger = logger
        self.store = store
        self.time = time
        bus = RecordingBus()
        identity = InstanceIdentity(instanceID: name, boot: "boot-\(name)")
        let ids = UUIDv7Generator(time: time)
        let tokens = PlainTokenCodec(time: time)
        registry = Registry(environment: DeliveryEnvironment(store: store, bus: bus, time: time, logger: logger))
        let access = ConversationAccess(store: store, registry: registry)
        gate = SessionGate(store: store, tokens: tokens, time: time, logger: logger)
        delivery = Delivery(registry: registry, bus: bus, tracing: tracing, logger: logger)
        moderation = Moderation(store: store, gate: gate, registry: registry, bus: bus, ids: ids, time: time, logger: logger)
        accounts = Accounts(
            store: store,
            hasher: hasher,
            tokens: tokens,
            moderation: moderation,
            ids: ids,
            time: time,
            tokenLifetime: .seconds(86_400),
            sharedFailures: sharedFailures,
            logger: logger
        )
        presence = PresenceHub(directory: directory, bus: bus, store: store, time: time, logger: logger, presenceLogger: logger)
        environment = SessionEnvironment(
            instanceID: name,
            limits: limits,
            gate: gate,
            registry: registry,
            messaging: Messaging(
                store: store,
                delivery: delivery,
                access: access,
                ids: ids,
                time: time,
                tracing: tracing,
                logger: logger
            ),
            conversations: Conversations(
                store: store,
                delivery: delivery,
                registry: registry,
                access: access,
                time: time,
                logger: logger
            ),
            presence: presence,
            store: store,
            time: time,
            logger: logger
        )
    }

    /// Acts on the bus until its streams end.
    var consumer: BusConsumer {
        BusConsumer(
            bus: bus,
            identity: identity,
            delivery: delivery,
            moderation: moderation,
            presence: presence,
            tracing: tracing,
            metrics: metrics,
            logger: logger
        )
    }

    /// Brings what this instance missed, when it is asked to.
    var reconciler: Reconciler {
        Reconciler(
            store: store,
            registry: registry,
            delivery: delivery,
            moderation: moderation,
            bus: bus,
            freshness: registry.freshness,
            time: time,
            logger: logger
        )
    }

    func register(_ name: String) async throws -> LogIn {
        try await accounts.register(username: name, password: "correct horse", peer: .unknown)
    }

    /// Opens a connection and starts it; nothing is waited for.
    func open(_ principal: Principal?, resumes: Bool = false) async -> Connection {
        let connection = Connection(
            id: ConnectionID(connections.next()),
            principal: principal,
            resumes: resumes,
            environment: environment
        )
        await connection.start()
        return connection
    }

    /// Opens a connection and returns once it is live.
    func connect(_ logIn: LogIn, resumes: Bool = false) async -> Connection {
        let connection = await open(logIn.principal, resumes: resumes)
        await connection.outbound.outputs.wait { !$0.isEmpty }
        return connection
    }
}

/// A connection as the transport holds it, with everything written to it noted.
struct Connection: Sendable {
    let executor = TestExecutor()
    let outbound = RecordingOutbound()
    let session: SessionActor

    init(id: ConnectionID, principal: Principal?, resumes: Bool = false, environment: SessionEnvironment) {
        session = SessionActor(
            connectionID: id,
            executor: executor,
            outbound: outbound,
            principal: principal,
            peer: .unknown,
            resumes: resumes,
            environment: environment
        )
    }

    func start() async {
        await session.start()
    }

    func receive(_ command: Result<Command, RequestError>, ref: String? = nil) async {
        await session.receive(ClientFrame(ref: ref, command: command))
    }

    /// Sends a direct message.
    func send(_ content: String, to recipient: UserID, id: String, ref: String? = nil) async throws {
        guard let clientMessageID = ClientMessageID(id) else { throw RequestError(.badRequest, "clientMessageId") }
        await receive(
            .success(.send(SendCommand(clientMessageID: clientMessageID, content: content, destination: .user(recipient)))),
            ref: ref
        )
    }

    /// Returns the stored messages of the first `count` ACKs.
    func acks(_ count: Int) async -> [Message] {
        let outputs = await outbound.outputs.wait { outputs in outputs.count { $0.acked != nil } >= count }
        return outputs.compactMap(\.acked)
    }

    /// Returns the errors as soon as there are `count`.
    func errors(_ count: Int) async -> [RequestError] {
        let outputs = await outbound.outputs.wait { outputs in outputs.count { $0.error != nil } >= count }
        return outputs.compactMap(\.error)
    }

    /// Those of the errors so far, with which the client told its commands apart.
    var refs: [String?] {
        outbound.outputs.elements.compactMap { output in
            switch output {
            case .event(.error(let ref, _)), .close(_, after: .error(let ref, _)): .some(ref)
            default: nil
            }
        }
    }

    /// What it was welcomed with; nil before that.
    var welcome: Welcome? {
        outbound.events.lazy.compactMap { if case .welcome(let welcome) = $0 { welcome } else { nil } }.first
    }

    var isWelcomed: Bool { welcome != nil }
}

extension RecordingOutbound {
    /// The changed messages that were written so far, in order.
    var updates: [Message] {
        events.compactMap { if case .messageUpdated(let message, _) = $0 { message } else { nil } }
    }
}

extension RecordingOutbound.Output {
    var acked: Message? {
        guard case .ack(_, let message, _) = event else { return nil }
        return message
    }

    /// The error that was written, alone or with the close.
    var error: RequestError? {
        switch self {
        case .event(.error(_, let error)), .close(_, after: .error(_, let error)): error
        default: nil
        }
    }
}

extension PeerInfo {
    static let unknown = PeerInfo(userAgent: nil, address: nil)
}

extension LogIn {
    var principal: Principal {
        Principal(SessionRecord(user: user, session: session, stamp: Stamp(0)))
    }
}

/// Counts up from one.
final class Atomic64: Sendable {
    private let value = Atomic<UInt64>(0)

    func next() -> UInt64 {
        value.add(1, ordering: .relaxed).newValue
    }
}
