import Actors
import LocalCluster
import Logging
import Transport

/// What a round of the reconciler costs: while nothing happens in the cluster, and while much does.
struct ReconcileBenchmark: Sendable {
    var database = BenchDatabase.Kind.sqlite
    let rounds: Int

    /// Direct conversations that are there.
    private static let conversations = 1_000
    /// Of them get a message between two rounds of a busy cluster.
    static let busy = 200
    private static let atOnce = 100

    func run() async throws -> [Figure] {
        let database = try await BenchDatabase.start(self.database)
        return try await doing {
            let store = try await database.open()
            return try await doing {
                try await run(on: store)
            } finally: {
                await store.close()
            }
        } finally: {
            await database.stop()
        }
    }

    private func run(on store: any ClosableStore) async throws -> [Figure] {
        let time = SystemTime()
        let ids = UUIDv7Generator(time: time)
        let drafts = BenchDrafts()
        let pairs = (0..<Self.conversations).map { _ in (sender: drafts.newUser(), other: drafts.newUser()) }
        func say(_ pairs: some Collection<(sender: UserID, other: UserID)>) async throws {
            var rest = pairs[...]
            while !rest.isEmpty {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (sender, other) in rest.prefix(Self.atOnce) {
                        let draft = try drafts.next(by: sender, 1)
                        group.addTask { _ = try await store.append([draft], to: .direct(UserPair(sender, other))) }
                    }
                    try await group.waitForAll()
                }
                rest = rest.dropFirst(Self.atOnce)
            }
        }
        try await say(pairs)
        if database == .mongodb {
            // What lies less than the overlap below the latest stamp is read again each time.
            try await Task.sleep(for: .seconds(11))
            try await say(pairs.prefix(1))
        }
        let reconciler = Self.reconciler(store, ids: ids, time: time)
        await reconciler.begin()
        let idle = try await measure(reconciler, store) {}
        let busy = try await measure(reconciler, store) { try await say(pairs.prefix(Self.busy)) }
        return idle.figures("reconcile \(database.rawValue), idle") + busy.figures("reconcile \(database.rawValue), \(Self.busy) changed")
    }

    private struct Cost {
        var elapsed = Duration.zero
        var queries = 0
        let rounds: Int

        func figures(_ scenario: String) -> [Figure] {
            [
                Figure(scenario, "store queries a round", Double(queries) / Double(rounds), ""),
                Figure(scenario, "a round", elapsed / .microseconds(1) / Double(rounds), "µs"),
            ]
        }
    }

    private func measure(
        _ reconciler: Reconciler,
        _ store: any ClosableStore,
        after change: () async throws -> Void
    ) async throws -> Cost {
        var cost = Cost(rounds: rounds)
        for _ in 0..<rounds {
            try await change()
            let before = store.queryCount
            let start = ContinuousClock.now
            _ = await reconciler.reconcile()
            cost.elapsed += ContinuousClock.now - start
            cost.queries += store.queryCount - before
        }
        return cost
    }

    /// That of an instance to which nobody is connected.
    private static func reconciler(_ store: any Store, ids: UUIDv7Generator, time: SystemTime) -> Reconciler {
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let bus = DisabledBus(nodeEnvironment: "bench", logger: quiet)
        let registry = Registry(environment: DeliveryEnvironment(store: store, bus: bus, time: time, logger: quiet))
        let delivery = Delivery(registry: registry, bus: bus, logger: quiet)
        let gate = SessionGate(store: store, tokens: NoTokens(), time: time, logger: quiet)
        let moderation = Moderation(store: store, gate: gate, registry: registry, bus: bus, ids: ids, time: time, logger: quiet)
        return Reconciler(
            store: store,
            registry: registry,
            delivery: delivery,
            moderation: moderation,
            bus: bus,
            freshness: registry.freshness,
            time: time,
            logger: quiet
        )
    }
}

/// Nobody logs in.
private struct NoTokens: TokenCodec {
    func issue(_ claims: TokenClaims) async throws(RequestError) -> String {
        throw RequestError(.internalError, "no tokens here")
    }

    func verify(_ token: String) async throws(RequestError) -> TokenClaims {
        throw RequestError(.unauthenticated, "no tokens here")
    }
}
