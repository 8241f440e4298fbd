import Actors
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle
import Transport
import UnixSignals

/// One instance, wired: what there is, and in which order it starts and stops.
enum Server {
    /// Runs the instance until it is told to stop.
    ///
    /// - Throws: `ExitError` where it can't start.
    static func run(_ settings: Settings) async throws {
        let logger = Logger(label: "Server")
        let limits = connectionLimits(settings, logger)
        let metrics = PrometheusRegistry()
        // Before anything that is measured is made: each keeps its handles.
        MetricsSystem.bootstrap(metrics)
        let instance = try await Instance(settings, limits: limits, metrics: metrics)
        let door = instance.socketIODoor(settings)
        let drain = DrainService(
            registry: instance.registry,
            state: instance.drain,
            window: settings.connections.drain,
            logger: logger
        )
        var services = ServiceGroupConfiguration(
            services: [
                .init(service: instance.eventLoopProbe),
                .init(service: ReloadService(tls: instance.tls, logger: logger)),
                .init(service: instance.storeMonitor),
                .init(service: instance.presenceService),
                .init(service: instance.busConsumer),
                .init(service: instance.reconciler),
                .init(service: instance.activity),
                .init(service: instance.application(settings, door: door, logger: logger)),
                .init(service: SocketIOService(door: door)),
                .init(service: drain),
                .init(service: StartPagesService(), successTerminationBehavior: .ignore),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: quiet(logger)
        )
        if let adapter = instance.adapter { services.services.insert(.init(service: adapter), at: 0) }
        if let application = instance.metricsApplication(settings, logger: logger) {
            services.services.insert(.init(service: application), at: 0)
        }
        if let bus = instance.busService { services.services.insert(.init(service: bus), at: 0) }
        services.maximumGracefulShutdownDuration = settings.connections.drain + .seconds(5)
        do {
            try await ServiceGroup(configuration: services).run()
        } catch let error as BusStartError {
            throw ExitError(.redisUnavailable, error.description)
        } catch let error as DuplicateInstanceError {
            throw ExitError(.temporaryFailure, error.description)
        } catch let error as IOError {
            throw ExitError(.failure, "\(settings.http.host):\(settings.http.port) can't be listened on: \(error)")
        }
        await instance.close()
        logger.info("stopped")
    }

    /// The libraries' own lines say nothing to an operator below a warning.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    /// Each connection is a file descriptor: as many as the system gives.
    private static func connectionLimits(_ settings: Settings, _ logger: Logger) -> ConnectionLimits {
        let files = FileLimit.raise()
        let wanted = settings.connections.maximum
        let limits = ConnectionLimits(files: files.now, wanted: wanted)
        logger.info(
            "file_limit",
            metadata: [
                "limit": .stringConvertible(files.now), "before": .stringConvertible(files.before),
                "maxConnections": .stringConvertible(limits.connections),
            ]
        )
        if let wanted, wanted > limits.connections {
            logger.warning(
                "max_connections_lowered",
                metadata: ["wanted": .stringConvertible(wanted), "possible": .stringConvertible(limits.connections)]
            )
        }
        return limits
    }
}

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
    private let loops: SessionLoops
    private let admission: ConnectionAdmission
    private let metricsRoute: MetricsRoute
    private let store: any ClosableStore
    private let hasher: ScryptHasher
    private let routes: Routes
    private let environment: SessionEnvironment
    private let group = MultiThreadedEventLoopGroup.singleton

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
        let ids = UUIDv7Generator(time: time)
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
            tokenLifetime: settings.accounts.tokenLifetime
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
        restored.set(reconciler)
        self.reconciler = ReconcilerService(reconciler: reconciler, bus: bus)
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

    /// The HTTP server with its WebSocket upgrade. It listens once the bus is there or has been given up.
    func application(_ settings: Settings, door: SocketIODoor, logger: Logger) -> Application<RouterResponder<APIContext>> {
        var services = webSocketServices(settings)
        services.engineIO = door.servers
        let loops = loops
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let scheme = tls == nil ? "http" : "https"
        var application = Application(
            router: routes.router(door: door),
            server: HTTPServerBuilder { [services] in SwitchboardChannel(responder: $0, loops: loops, services: services) },
            configuration: ApplicationConfiguration(
                address: .hostname(settings.http.host, port: settings.http.port),
                serverName: nil,
                backlog: 4_096
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.http.port
                let host = ["127.0.0.1", "0.0.0.0", "::", "::1"].contains(settings.http.host) ? "localhost" : settings.http.host
                logger.info("Backend listening on \(scheme)://\(host):\(port)")
            },
            eventLoopGroupProvider: .shared(group),
            logger: quiet
        )
        let reconciler = reconciler.reconciler
        application.beforeServerStarts { await reconciler.begin() }
        if let bus = busService {
            let presence = presenceService
            application.beforeServerStarts {
                guard try await bus.waitUntilReady() == .connected else { return }
                try await presence.waitUntilClaimed()
            }
        }
        return application
    }

    /// Where clients of Socket.IO come in.
    func socketIODoor(_ settings: Settings) -> SocketIODoor {
        SocketIODoor(settings, loops: loops, services: webSocketServices(settings), adapter: adapter)
    }

    /// The server for `/metrics` alone, where it has a port of its own.
    func metricsApplication(_ settings: Settings, logger: Logger) -> Application<RouterResponder<BasicRequestContext>>? {
        guard let port = settings.metrics.port else { return nil }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let router = Router(context: BasicRequestContext.self)
        metricsRoute.add(to: router)
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(settings.http.host, port: port), serverName: nil),
            onServerRunning: { channel in
                logger.info("metrics_listening", metadata: ["port": .stringConvertible(channel.localAddress?.port ?? port)])
            },
            eventLoopGroupProvider: .shared(group),
            logger: quiet
        )
    }

    /// Closes what outlives the services.
    func close() async {
        await hasher.shutdown()
        await store.close()
    }

    private func webSocketServices(_ settings: Settings) -> WebSocketServices {
        var limits = WebSocketLimits()
        limits.maxFrameBytes = settings.connections.maxFrameBytes
        limits.outboundLimitBytes = settings.connections.outboundLimitBytes
        let environment = environment
        let drain = drain
        let (registry, bus) = (registry, routes.bus)
        return WebSocketServices(
            origins: settings.http.allowedOrigins,
            trustedProxies: settings.http.trustedProxies,
            limits: limits,
            tls: tls,
            admission: admission,
            refusesConnections: { drain.isDraining || registry.freshness.isCutOff(bus: bus.status) },
            authenticate: { token async throws(RequestError) in try await environment.gate.principal(forToken: token) },
            makeSession: { connectionID, executor, outbound, opening in
                SessionActor(
                    connectionID: connectionID,
                    executor: executor,
                    outbound: outbound,
                    principal: opening.principal,
                    peer: opening.peer,
                    resumes: opening.resumes,
                    environment: environment
                )
            }
        )
    }

    private func makeFirstAdmin(_ settings: Settings, accounts: Accounts) async throws {
        guard let admin = settings.accounts.firstAdmin else { return }
        do {
            try await accounts.ensureAdmin(username: admin.username.description, password: admin.password.value)
        } catch {
            throw ExitError(.settings, "ADMIN_USERNAME, ADMIN_PASSWORD: the first admin can't be made: \(error.message)")
        }
    }

    private static func serverTLS(_ settings: Settings) throws -> ServerTLS? {
        guard let files = settings.http.tls else { return nil }
        do {
            return try ServerTLS(certificateFile: files.certificate, keyFile: files.key)
        } catch {
            throw ExitError(.settings, "TLS_CERT_FILE, TLS_KEY_FILE: \(error)")
        }
    }

    static func openStore(_ settings: Settings) async throws -> any ClosableStore {
        do throws(StoreError) {
            switch settings.database.uri {
            case .sqlite(let path):
                return try await SQLiteStore.open(path: path, logger: Logger(label: "Store"))
            case .mongodb(let uri):
                var options = MongoStore.Options()
                options.poolSize = settings.database.poolSize
                return try await MongoStore.open(uri: uri.value, options: options)
            }
        } catch {
            throw ExitError(.failure, "\(settings.database.uri.name) can't be opened: \(error.detail)")
        }
    }

    /// The bus as the settings want it; nil without Redis.
    static func bus(
        _ settings: Settings,
        isRequired: Bool,
        identity: InstanceIdentity,
        ids: any IDGenerator,
        time: any TimeSource,
        onRestored: @escaping @Sendable () async -> Int = { 0 }
    ) -> RedisBus? {
        guard let redis = settings.redis else { return nil }
        var options = RedisBusOptions()
        options.initTimeout = settings.bus.initTimeout
        options.isRequired = isRequired
        options.nodeEnvironment = settings.instance.environment
        options.secret = settings.bus.secret?.value
        options.routing = settings.bus.routing
        return RedisBus(
            configuration: redis,
            options: options,
            identity: identity,
            ids: ids,
            time: time,
            logger: Logger(label: "RedisBus"),
            onRestored: onRestored
        )
    }

    /// The adapter's way to Redis; nil where no Node.js instances share it.
    private static func adapterLink(_ settings: Settings, identity: InstanceIdentity, time: any TimeSource) -> AdapterLink? {
        guard let redis = settings.redis, let format = settings.socketIOAdapter else { return nil }
        return AdapterLink(format: format, configuration: redis, identity: identity, time: time)
    }

    static func tokens(_ settings: Settings, time: any TimeSource) async throws -> JWTTokenCodec {
        let codec = await JWTTokenCodec(
            secret: settings.accounts.tokenSecret.value,
            previous: settings.accounts.previousTokenSecret?.value,
            time: time
        )
        guard let codec else { throw ExitError(.settings, "JWT_SECRET must have at least 32 bytes") }
        return codec
    }
}
