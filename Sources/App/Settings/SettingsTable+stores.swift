import Transport

extension SettingsTable {
    static let database = Setting<DatabaseURI>(
        declaration: SettingDeclaration(
            name: "DB_URI",
            defaultText: "sqlite:./data/switchboard.db",
            allowed: "sqlite:PATH, mongodb://… or mongodb+srv://…",
            secrecy: .credentials,
            summary: "The store that all instances share."
        ),
        fallback: .sqlite(path: "./data/switchboard.db"),
        parse: { DatabaseURI($0) }
    )

    static let databasePoolSize = Setting.integer(
        "DB_POOL_SIZE",
        default: 16,
        in: 1...256,
        summary: "Connections to the store that may be in use at once."
    )

    static let redisURL = Setting<RedisConfiguration?>.optional(
        SettingDeclaration(
            name: "REDIS_URL",
            defaultText: "none: a single instance",
            allowed: "redis://[user[:password]@]host[:port][/db], rediss:// (TLS), "
                + "redis+sentinel://[user[:password]@]host[:port],…/group[/db][?sentinelUsername=…&sentinelPassword=…], "
                + "redis+cluster://[user[:password]@]host[:port],… or unix:///path[?db=n&username=…&password=…]",
            secrecy: .credentials,
            summary: "The Redis that connects the instances; wins over REDIS_HOST, REDIS_PORT and REDIS_DB."
        ),
        parse: { try? RedisConfiguration(url: $0) }
    )

    /// Several are a cluster's; those that name no port have `redisPort`.
    static let redisHost = Setting<String?>.optional(
        SettingDeclaration(
            name: "REDIS_HOST",
            defaultText: "none",
            allowed: "a host name or an address; host[:port],… for a Redis Cluster",
            summary: "Host of Redis, where REDIS_URL is not set."
        )
    ) { text in
        if text.contains(",") { return clusterHosts(text, defaultPort: 1).map { _ in text } }
        return isHost(text) ? text : nil
    }

    /// A comma list of hosts with or without ports, spaces allowed around them.
    static func clusterHosts(_ text: String, defaultPort: Int) -> [RedisConfiguration.Endpoint]? {
        guard let hosts = try? RedisConfiguration.endpoints(text.filter { $0 != " " }, defaultPort: defaultPort) else { return nil }
        let areHosts = hosts.allSatisfy { if case .tcp(let host, _) = $0 { isHost(host) } else { false } }
        return areHosts ? hosts : nil
    }

    static let redisPort = Setting.integer("REDIS_PORT", default: 6379, in: 1...65_535, summary: "Port of REDIS_HOST.")

    static let redisUsername = Setting<String?>.optional(
        SettingDeclaration(
            name: "REDIS_USERNAME",
            defaultText: "none",
            allowed: "a user name",
            summary: "User for AUTH, where REDIS_URL names none."
        )
    ) { $0 }

    static let redisPassword = Setting<Secret?>.optional(
        SettingDeclaration(
            name: "REDIS_PASSWORD",
            defaultText: "none",
            allowed: "a password",
            secrecy: .secret,
            summary: "Password for AUTH, where REDIS_URL holds none."
        )
    ) { Secret($0) }

    static let redisDatabase = Setting.integer("REDIS_DB", default: 0, in: 0...65_535, summary: "Number of the database on REDIS_HOST.")

    static let redisTLS = Setting<Bool>(
        declaration: SettingDeclaration(
            name: "REDIS_TLS",
            defaultText: "false; true with rediss://",
            allowed: "true or false",
            summary: "Speaks TLS with Redis."
        ),
        fallback: false,
        parse: Setting<Bool>.parseFlag
    )

    static let redisCAFile = certificates("REDIS_CA_FILE", summary: "The authorities that Redis' certificate is checked against.")

    static let stores: [SettingDeclaration] = [
        database.declaration, databasePoolSize.declaration, redisURL.declaration, redisHost.declaration, redisPort.declaration,
        redisUsername.declaration, redisPassword.declaration, redisDatabase.declaration, redisTLS.declaration, redisCAFile.declaration,
    ]
}
