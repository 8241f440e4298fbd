import Actors
import Logging
import NIOCore
import NIOPosix
import Transport

/// The parts of an instance.
struct Instance: Sendable {
    let registry: Registry
    let drain = DrainState()
    let busConsumer: BusConsumerService
    let reconciler: ReconcilerService
    /// Nil without Redis.
    let busService: RedisBus?
    /// Nil where no Node.js instances share Redis.
    let adapter: SocketIOAdapter?
    let storeMonitor: StoreMonitor
    let presenceService: PresenceService
    let activity: ActivityService
    let eventLoopProbe: EventLoopProbe
    /// Nil for plain HTTP.
    let tls: ServerTLS?
    let loops: SessionLoops
    let admission: ConnectionAdmission
    let metricsRoute: MetricsRoute
    private let store: any ClosableStore
    private let hasher: ScryptHasher
    let routes: Routes
    let environment: SessionEnvironment
    let group = MultiThreadedEventLoopGroup.singleton

    /// Opens the store and makes the first admin.
    ///
    /// - Parameter metrics: what `MetricsSystem` records into.
    init(_ settings: Settings, limits: ConnectionLimits, metrics: PrometheusRegistry) async throws {
        tls = try Self.serverTLS(settings)
        loops = SessionLoops(group: group)
        admission = ConnectionAdmission(connections: limits.connections, sockets: limits.sockets)
        eventLoopProbe = EventLoopProbe(group: group)
        TransportMetrics.prepare()
        let time = SystemTime()
        let ids = UUIDv7Generator(time: time, random: SystemRandom())
        let identity = InstanceIdentity(
            instanceID: settings.instance.id,
            boot: SystemRandomNumberGenerator.hexadecimal(bytes: 8)
        )
        store = try await Self.openStore(settings)
        storeMonitor = StoreMonitor(store: store, time: time)
        hasher = ScryptHasher(log2N: settings.accounts.scryptLogN)
        let restored = RestoreHook()
        busService = Self.bus(
            settings,
            isRequired: settings.bus.isRequired,
            identity: identity,
            ids: ids,
            time: time,
            onRestored: { await restored.run() }
        )
        let ownBus: any Bus =
            busService ?? DisabledBus(nodeEnvironment: settings.instance.environment, logger: Logger(label: "RedisBus"))
        let adapterLink = Self.adapterLink(settings, identity: identity, time: time)
        let bus: any Bus = adapterLink.map { AdapterBus(ownBus, telling: $0) } ?? ownBus
        registry = Registry(environment: DeliveryEnvironment(store: store, bus: bus, time: time))
        adapter = adapterLink.map { [registry] in SocketIOAdapter(link: $0, registry: registry) }
        let tokens = try await Self.tokens(settings, time: time)
        let gate = SessionGate(store: store, tokens: tokens, time: time)
        let directory = busService.map {
            RedisPresence(bus: $0, events: bus, identity: identity, expiry: settings.presenceExpiry, time: time)
        }
        let presence = PresenceHub(
            directory: directory,
            bus: bus,
            store: store,
            time: time,
            followsTopics: settings.bus.routing == .targeted
        )
        let startedAt = time.now()
        metricsRoute = MetricsRoute(
            registry: metrics,
            gauges: InstanceGauges(
                metrics,
                registry: registry,
                bus: bus,
                redis: busService,
                store: storeMonitor.status,
                loops: loops,
                admission: admission,
                connectionLimit: limits.connections,
                startedAt: startedAt
            )
        )
        let reporter = InstanceReporter(
            instanceID: settings.instance.id,
            startedAt: startedAt,
            registry: registry,
            bus: bus,
            store: storeMonitor.status,
            time: time
        )
        let keeper = directory.map {
            LeaseKeeper(
                directory: $0,
                hub: presence,
                instanceID: settings.instance.id,
                time: time,
                expiry: settings.presenceExpiry,
                report: { await reporter.report() }
            )
        }
        presenceService = PresenceService(hub: presence, keeper: keeper)
        let tracing = DistributedTracing.bootstrapped
        let delivery = Delivery(registry: registry, bus: bus, presence: presence, tracing: tracing)
        let moderation = Moderation(store: store, gate: gate, registry: registry, bus: bus, ids: ids, time: time)
        let access = ConversationAccess(store: store, registry: registry)
        let meter = ActivityMeter()
        let messaging = Messaging(
            store: store,
            delivery: delivery,
            access: access,
            ids: ids,
            activity: meter,
            time: time,
            tracing: tracing
        )
        let conversations = Conversations(store: store, delivery: delivery, registry: registry, access: access, time: time)
        let accounts = Accounts(
            store: store,
            hasher: hasher,
            tokens: tokens,
            moderation: moderation,
            ids: ids,
            time: time,
            tokenLifetime: settings.accounts.tokenLifetime,
            sharedFailures: busService.map { RedisLogInFailures(executor: $0) }
        )
        busConsumer = BusConsumerService(
            consumer: BusConsumer(
                bus: bus,
                identity: identity,
                delivery: delivery,
                moderation: moderation,
                presence: presence,
                tracing: tracing
            )
        )
        let reconciler = Reconciler(
            store: store,
            registry: registry,
            delivery: delivery,
            moderation: moderation,
            bus: bus,
            freshness: registry.freshness,
            time: time
        )
        restored.set(reconciler, presence)
        self.reconciler = ReconcilerService(reconciler: reconciler, bus: bus, registry: registry)
        environment = SessionEnvironment(
            instanceID: settings.instance.id,
            limits: SessionLimits(
                heartbeat: settings.connections.heartbeat,
                maxFrameBytes: settings.connections.maxFrameBytes,
                rateLimit: settings.connections.rateLimit
            ),
            gate: gate,
            registry: registry,
            messaging: messaging,
            conversations: conversations,
            presence: presence,
            store: store,
            activity: meter,
            time: time
        )
        activity = ActivityService(
            recorder: ActivityRecorder(instanceID: settings.instance.id, meter: meter, store: store, time: time) { [registry] in
                await ActivityService.sample(registry, presence)
            }
        )
        routes = Routes(
            store: store,
            storeLiveness: storeMonitor.liveness,
            bus: bus,
            registry: registry,
            gate: gate,
            accounts: accounts,
            moderation: moderation,
            messaging: messaging,
            conversations: conversations,
            access: access,
            presence: presence,
            reporter: reporter,
            activity: activity.recorder,
            drain: drain,
            metrics: settings.metrics.port == nil ? metricsRoute : nil,
            time: time,
            settings: settings
        )
        try await makeFirstAdmin(settings, accounts: accounts)
    }

    /// Closes what outlives the services.
    func close() async {
        await hasher.shutdown()
        await store.close()
    }
}
