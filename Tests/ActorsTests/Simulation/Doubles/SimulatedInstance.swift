import Actors
import Logging
import TestSupport

/// One instance's actors, wired as the server wires them, on doubles.
final class SimulatedInstance: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    let name: String
    let identity: InstanceIdentity
    let link: StoreLink
    let bus: SimulatedBus
    let registry: Registry
    let gate: SessionGate
    let moderation: Moderation
    let accounts: Accounts
    let environment: SessionEnvironment
    let lanes: [Lane]
    let freezer: Freezer
    let presence: PresenceHub
    private let reconciler: Reconciler
    private let consumer: BusConsumer
    private let keeper: LeaseKeeper
    private let time: any TimeSource
    private let claimDeadline: Duration
    private unowned let world: World
    private var services: Task<Void, Never>?
    private(set) var isAlive = true
    /// Whether it has begun to accept connections.
    private(set) var isListening = false
    private var isDraining = false
    /// Since when it holds its lease.
    private(set) var heldSince: Duration?

    /// How long it waits for its lease before it accepts connections without, and how long clients have to leave.
    private static let claimTime = Duration.seconds(10)
    private static let drainTime = Duration.seconds(4)

    init(_ name: String, boot: Int, world: World, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let scheduler = world.scheduler
        let mutation = world.mutation
        let skew = Duration.milliseconds(Int64.random(in: -3_000...3_000, using: &random))
        let freezer = Freezer(scheduler)
        let time = VirtualTime(scheduler, skew: skew, freezer: freezer)
        let logger = world.history.logger(name)
        let ids = UUIDv7Generator(time: time, random: SeededGenerator(seed: random.next()))
        self.name = name
        self.world = world
        self.freezer = freezer
        self.time = time
        identity = InstanceIdentity(instanceID: name, boot: "boot-\(boot)")
        let bus = SimulatedBus(identity, network: world.network, time: time, freezer: freezer)
        self.bus = bus
        link = StoreLink(scheduler, time: time, freezer: freezer, seed: random.next())
        let store = SimulatedStore(core: world.core, link: link, ids: ids, busIsUp: { bus.carries })
        lanes = [scheduler.makeLane(), scheduler.makeLane()]
        registry = Registry(
            environment: DeliveryEnvironment(
                store: store,
                bus: bus,
                time: mutation == .neverStale ? VirtualTime(scheduler, standsStill: true) : time,
                random: RandomSource(SeededGenerator(seed: random.next())),
                logger: logger
            )
        )
        let tokens = PlainTokenCodec(time: time)
        gate = SessionGate(store: store, tokens: tokens, time: time, logger: logger)
        let kickedGate = mutation == .cacheOutlivesKick ? SessionGate(store: store, tokens: tokens, time: time, logger: logger) : gate
        let access = ConversationAccess(store: store, registry: registry)
        let directory = SimulatedDirectory(core: world.directory, bus: bus, time: time)
        let presence = PresenceHub(
            directory: directory,
            bus: bus,
            store: store,
            time: time,
            followsTopics: world.network.isTargeted,
            logger: logger,
            presenceLogger: logger
        )
        self.presence = presence
        let (registry, startedAt) = (registry, time.now())
        keeper = LeaseKeeper(
            directory: directory,
            hub: presence,
            instanceID: name,
            time: time,
            expiry: .seconds(86_400),
            logger: logger
        ) {
            let counts = await registry.counts
            return InstanceReport(
                instanceID: name,
                version: "simulated",
                host: "boot-\(boot)",
                startedAt: startedAt,
                heartbeatAt: time.now(),
                connections: counts.connections,
                users: counts.users,
                bus: "connected",
                store: "ok"
            )
        }
        let delivery = Delivery(registry: registry, bus: bus, presence: presence, logger: logger)
        moderation = Moderation(store: store, gate: kickedGate, registry: registry, bus: bus, ids: ids, time: time, logger: logger)
        accounts = Accounts(
            store: store,
            hasher: PlainPasswordHasher(),
            tokens: tokens,
            moderation: moderation,
            ids: ids,
            time: time,
            tokenLifetime: .seconds(86_400),
            logger: logger
        )
        environment = SessionEnvironment(
            instanceID: name,
            limits: SessionLimits(rateLimit: 0),
            gate: gate,
            registry: registry,
            messaging: Messaging(store: store, delivery: delivery, access: access, ids: ids, time: time, logger: logger),
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
            random: RandomSource(SeededGenerator(seed: random.next())),
            logger: logger
        )
        reconciler = Reconciler(
            store: store,
            registry: registry,
            delivery: delivery,
            moderation: moderation,
            bus: bus,
            freshness: registry.freshness,
            time: time,
            logger: logger
        )
        consumer = BusConsumer(
            bus: bus,
            identity: identity,
            delivery: delivery,
            moderation: moderation,
            presence: presence,
            logger: logger
        )
        claimDeadline = scheduler.now + Self.claimTime
        world.network.connect(bus)
    }

    var acceptsConnections: Bool { isListening && !isDraining }

    /// Whether nothing has kept it from the store for so long that what it missed then has been made up for.
    var isSound: Bool {
        isAlive && isListening && link.isSound(for: .seconds(7))
    }

    func start() {
        bus.onRestored = {
            Task {
                await self.presence.directoryReturned()
                _ = await self.reconciler.reconcile()
            }
        }
        services = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.consumer.run() }
                group.addTask { await self.presence.run() }
                group.addTask { await self.keepLease() }
                await self.reconciler.begin()
                while self.heldSince == nil, !Task.isCancelled, self.world.scheduler.now < self.claimDeadline {
                    try? await self.time.sleep(for: .milliseconds(100))
                }
                self.isListening = !Task.isCancelled
                group.addTask { await self.reconciler.run() }
                group.addTask { await ClusterStatusTeller(bus: self.bus, registry: self.registry).run() }
                group.addTask { for await _ in self.bus.confirmedLate { _ = await self.reconciler.reconcile() } }
                await group.waitForAll()
            }
        }
    }

    private func keepLease() async {
        do throws(DuplicateInstanceError) {
            try await keeper.run { self.heldSince = self.heldSince ?? self.world.scheduler.now }
        } catch {
            world.checker.fail("P6", "\(name) takes another life of its own for another process: \(error)")
        }
    }

    /// Returns as soon as the process takes requests.
    func awake() async {
        while freezer.isFrozen { try? await time.sleep(for: .zero) }
    }

    /// Sends the clients away; whoever hasn't left then is left behind.
    func drain() async {
        isDraining = true
        await registry.goAway(within: Self.drainTime)
        let end = world.scheduler.now + Self.drainTime + .seconds(2)
        while await registry.counts.connections > 0, world.scheduler.now < end { try? await time.sleep(for: .milliseconds(100)) }
        isListening = false
        services?.cancel()
        await keeper.withdraw()
    }

    /// The process ends: nothing that it does from now on is seen by anybody.
    func crash() {
        isAlive = false
        isListening = false
        link.cut()
        bus.cut()
    }

    /// Ends what runs; the connections have ended before.
    func stop() {
        if freezer.isFrozen { freezer.thaw() }
        services?.cancel()
        bus.finish()
    }
}
