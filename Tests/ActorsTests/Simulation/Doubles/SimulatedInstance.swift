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
    private let reconciler: Reconciler
    private let consumer: BusConsumer
    private let presence: PresenceHub
    private var services: Task<Void, Never>?
    private(set) var isAlive = true
    /// Whether it has begun to accept connections.
    private(set) var isListening = false

    init(_ name: String, boot: Int, world: World, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let scheduler = world.scheduler
        let mutation = world.mutation
        let skew = Duration.milliseconds(Int64.random(in: -3_000...3_000, using: &random))
        let time = VirtualTime(scheduler, skew: skew)
        let logger = world.history.logger(name)
        let ids = UUIDv7Generator(time: time, random: SeededGenerator(seed: random.next()))
        self.name = name
        identity = InstanceIdentity(instanceID: name, boot: "boot-\(boot)")
        let bus = SimulatedBus(identity, network: world.network)
        self.bus = bus
        link = StoreLink(scheduler, time: time, seed: random.next())
        let store = SimulatedStore(core: world.core, link: link, ids: ids, busIsUp: { bus.carries })
        lanes = [scheduler.makeLane(), scheduler.makeLane()]
        registry = Registry(
            environment: DeliveryEnvironment(
                store: store,
                bus: bus,
                time: mutation == .neverStale ? VirtualTime(scheduler, isFrozen: true) : time,
                random: RandomSource(SeededGenerator(seed: random.next())),
                logger: logger
            )
        )
        let tokens = PlainTokenCodec(time: time)
        gate = SessionGate(store: store, tokens: tokens, time: time, logger: logger)
        let kickedGate = mutation == .cacheOutlivesKick ? SessionGate(store: store, tokens: tokens, time: time, logger: logger) : gate
        let access = ConversationAccess(store: store, registry: registry)
        let delivery = Delivery(registry: registry, bus: bus, logger: logger)
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
        presence = PresenceHub(directory: nil, bus: bus, store: store, time: time, logger: logger, presenceLogger: logger)
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
        world.network.connect(bus)
    }

    /// Whether nothing has kept it from the store for so long that what it missed then has been made up for.
    var isSound: Bool {
        isAlive && isListening && link.isSound(for: .seconds(7))
    }

    func start() {
        bus.onRestored = { Task { await self.reconciler.reconcile() } }
        services = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.consumer.run() }
                await self.reconciler.begin()
                self.isListening = !Task.isCancelled
                group.addTask { await self.reconciler.run() }
                group.addTask { for await _ in self.bus.confirmedLate { _ = await self.reconciler.reconcile() } }
                await group.waitForAll()
            }
        }
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
        services?.cancel()
        bus.finish()
    }
}
