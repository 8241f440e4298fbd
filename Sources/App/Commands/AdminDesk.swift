import Actors
import Logging
import ServiceLifecycle
import Transport

/// The store and the bus for one command of an operator.
struct AdminDesk: Sendable {
    private let settings: Settings
    private let store: any ClosableStore
    private let time = SystemTime()

    /// Opens the store for `body` and closes it after.
    ///
    /// - Throws: `ExitError` with what the command could not do.
    static func open(_ config: ConfigOption, _ body: (AdminDesk) async throws -> Void) async throws {
        let settings = try config.settings()
        LogSystem.startQuietly(settings)
        let store = try await Instance.openStore(settings)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(AdminDesk(settings: settings, store: store)))
        } catch let error as RequestError {
            outcome = .failure(ExitError(.failure, error.message))
        } catch let error as StoreError {
            outcome = .failure(ExitError(.failure, "the store failed: \(error.detail)"))
        } catch {
            outcome = .failure(error)
        }
        await store.close()
        try outcome.get()
    }

    /// Makes an admin.
    func create(_ username: String, password: String) async throws -> User {
        let hasher = ScryptHasher(log2N: settings.accounts.scryptLogN, threads: 1)
        let outcome: Result<User, any Error>
        do {
            let tokens = try await Instance.tokens(settings, time: time)
            let accounts = Accounts(
                store: store,
                hasher: hasher,
                tokens: tokens,
                moderation: moderation(bus: nil, tokens: tokens),
                ids: UUIDv7Generator(time: time),
                time: time,
                tokenLifetime: settings.accounts.tokenLifetime
            )
            outcome = .success(try await accounts.create(username: username, password: password, role: .admin))
        } catch {
            outcome = .failure(error)
        }
        await hasher.shutdown()
        return try outcome.get()
    }

    /// The account with this name or id.
    func find(_ account: String) async throws -> UserID {
        if let id = UserID(account) { return id }
        let isNobody = ExitError(.failure, "there is no account \(account)")
        guard let name = Username(account) else { throw isNobody }
        // A statement of its own: the optimizer of Swift 6.3 crashes where the condition above and this wait are one.
        let credentials = try await store.credentials(username: name)
        guard let credentials else { throw isNobody }
        return credentials.user.userID
    }

    /// Gives every account whose name begins with `prefix` to `body`, in the order of the names.
    func forEachUser(prefix: String, _ body: (User) -> Void) async throws {
        let page = 200
        var last: String?
        while true {
            let users = try await store.users(prefix: prefix, after: last, limit: page)
            users.forEach(body)
            guard users.count == page else { return }
            last = users.last?.username
        }
    }

    /// Runs `body` with the bus connected, where there is one, and waits until what it published has left.
    func withModeration<Value: Sendable>(_ body: (Moderation) async throws -> Value) async throws -> Value {
        let tokens = try await Instance.tokens(settings, time: time)
        let identity = InstanceIdentity(
            instanceID: settings.instance.id,
            boot: SystemRandomNumberGenerator.hexadecimal(bytes: 8)
        )
        guard let bus = Instance.bus(settings, isRequired: false, identity: identity, ids: UUIDv7Generator(time: time), time: time) else {
            return try await body(moderation(bus: nil, tokens: tokens))
        }
        let group = ServiceGroup(services: [bus], logger: Logger(label: "RedisBus"))
        async let running: Void = group.run()
        if case .disabled = try await bus.waitUntilReady() {
            Logger(label: "RedisBus").warning("instances_not_told", metadata: ["reason": "Redis unavailable or timeout"])
        }
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(moderation(bus: bus, tokens: tokens)))
        } catch {
            outcome = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running
        return try outcome.get()
    }

    private func moderation(bus: RedisBus?, tokens: any TokenCodec) -> Moderation {
        // Without Redis there is nobody to tell, which is no news to who gave the order.
        var quiet = Logger(label: "RedisBus")
        quiet.logLevel = .error
        let bus: any Bus = bus ?? DisabledBus(nodeEnvironment: settings.instance.environment, logger: quiet)
        return Moderation(
            store: store,
            gate: SessionGate(store: store, tokens: tokens, time: time),
            registry: Registry(environment: DeliveryEnvironment(store: store, bus: bus, time: time)),
            bus: bus,
            ids: UUIDv7Generator(time: time),
            time: time
        )
    }
}
