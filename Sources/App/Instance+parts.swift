import Actors
import Logging
import Transport

// The parts as the settings want them.
extension Instance {
    /// Makes the admin that the settings name, where there is none of that name.
    func makeFirstAdmin(_ settings: Settings, accounts: Accounts) async throws {
        guard let admin = settings.accounts.firstAdmin else { return }
        do {
            try await accounts.ensureAdmin(username: admin.username.description, password: admin.password.value)
        } catch {
            throw ExitError(.settings, "ADMIN_USERNAME, ADMIN_PASSWORD: the first admin can't be made: \(error.message)")
        }
    }

    static func serverTLS(_ settings: Settings) throws -> ServerTLS? {
        guard let files = settings.http.tls else { return nil }
        do {
            return try ServerTLS(certificateFile: files.certificate, keyFile: files.key)
        } catch {
            throw ExitError(.settings, "TLS_CERT_FILE, TLS_KEY_FILE: \(error)")
        }
    }

    static func openStore(_ settings: Settings) async throws -> any ClosableStore {
        do throws(StoreError) {
            let logger = Logger(label: "Store")
            switch settings.database.uri {
            case .sqlite(let path):
                return try await SQLiteStore.open(path: path, logger: logger)
            case .mongodb(let uri):
                var options = MongoStore.Options()
                options.poolSize = settings.database.poolSize
                return try await MongoStore.open(uri: uri.value, options: options, logger: logger)
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
    static func adapterLink(_ settings: Settings, identity: InstanceIdentity, time: any TimeSource) -> AdapterLink? {
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
