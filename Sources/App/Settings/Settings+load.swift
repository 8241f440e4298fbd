import FoundationEssentials
import Glibc
import Transport

extension Settings {
    /// Reads and checks all settings. In development, where no `JWT_SECRET` is set, its file is made.
    ///
    /// - Parameters:
    ///   - configFile: a file of `NAME=value` lines; where nil, `.env` in `directory` is read if it exists.
    ///   - environment: wins over the file.
    ///   - directory: the working directory.
    static func load(
        configFile: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String = "."
    ) throws(SettingsError) -> Settings {
        let reader = try SettingsReader(configFile: configFile, environment: environment, directory: directory)
        return try Settings(reader)
    }

    init(_ reader: SettingsReader) throws(SettingsError) {
        instance = try Instance(reader)
        http = try HTTP(reader, isDevelopment: instance.isDevelopment)
        connections = try Connections(reader)
        database = Database(uri: try reader.value(SettingsTable.database), poolSize: try reader.value(SettingsTable.databasePoolSize))
        redis = try RedisConfiguration.read(reader)
        bus = try Bus(reader, isDevelopment: instance.isDevelopment)
        socketIO = try SocketIO.read(reader, instance: instance)
        socketIOAdapter = try reader.value(SettingsTable.socketIOAdapter).format
        if socketIOAdapter != nil, redis == nil { throw SettingsError("REDIS_URL must be set where SOCKETIO_ADAPTER is not off") }
        metrics = Metrics(port: try reader.value(SettingsTable.metricsPort))
        presenceExpiry = try reader.value(SettingsTable.presenceExpiry)
        log = Log(level: try reader.value(SettingsTable.logLevel), format: try reader.value(SettingsTable.logFormat))
        accounts = try Accounts(reader, instance: instance, database: database.uri)
    }

}

extension Settings.Instance {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        environment = try reader.value(SettingsTable.nodeEnvironment)
        id = try reader.value(SettingsTable.instanceID) ?? Self.defaultID
    }

    private static var defaultID: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = name.prefix { $0 != 0 }.map { Character(Unicode.Scalar(UInt8(bitPattern: $0))) }
        let kept = host.filter { SettingsTable.isName(String($0), upTo: 1, extra: "_.:-") }.prefix(50)
        return (kept.isEmpty ? "instance" : String(kept)) + "-\(getpid())"
    }
}

extension Settings.HTTP {
    fileprivate init(_ reader: SettingsReader, isDevelopment: Bool) throws(SettingsError) {
        host = try reader.value(SettingsTable.host)
        port = try reader.value(SettingsTable.port)
        allowedOrigins = AllowedOrigins(listed: Set(try reader.value(SettingsTable.allowedOrigins)), isDevelopment: isDevelopment)
        trustedProxies = try reader.value(SettingsTable.trustedProxies)
        cookieDomain = try reader.value(SettingsTable.cookieDomain)
        switch (try reader.value(SettingsTable.tlsCertificateFile), try reader.value(SettingsTable.tlsKeyFile)) {
        case (nil, nil): tls = nil
        case (let certificate?, let key?): tls = Settings.TLSFiles(certificate: certificate, key: key)
        case (nil, _): throw SettingsError("TLS_CERT_FILE must be set where TLS_KEY_FILE is")
        case (_, nil): throw SettingsError("TLS_KEY_FILE must be set where TLS_CERT_FILE is")
        }
    }
}

extension Settings.Connections {
    fileprivate init(_ reader: SettingsReader) throws(SettingsError) {
        maxFrameBytes = try reader.value(SettingsTable.maxFrameBytes)
        outboundLimitBytes = try reader.value(SettingsTable.outboundLimitBytes)
        heartbeat = try reader.value(SettingsTable.heartbeat)
        maximum = try reader.value(SettingsTable.maxConnections)
        rateLimit = try reader.value(SettingsTable.rateLimit)
        drain = try reader.value(SettingsTable.drain)
    }
}

extension Settings.Bus {
    fileprivate init(_ reader: SettingsReader, isDevelopment: Bool) throws(SettingsError) {
        routing = try reader.value(SettingsTable.busRouting)
        secret = try reader.value(SettingsTable.busSecret)
        initTimeout = try reader.value(SettingsTable.busInitTimeout)
        isRequired = try reader.value(SettingsTable.busRequired) ?? !isDevelopment
    }
}

extension Settings.SocketIO {
    fileprivate static func read(_ reader: SettingsReader, instance: Settings.Instance) throws(SettingsError) -> Self? {
        let isEcho = try reader.value(SettingsTable.socketIOEcho)
        if isEcho, instance.isProduction {
            throw SettingsError("SOCKETIO_ECHO must not be true where NODE_ENV is production: it serves anybody who comes")
        }
        let settings = Self(
            path: try reader.value(SettingsTable.socketIOPath),
            allowsPolling: try reader.value(SettingsTable.socketIOPolling),
            pingInterval: try reader.value(SettingsTable.socketIOPingInterval),
            pingTimeout: try reader.value(SettingsTable.socketIOPingTimeout),
            maxPayload: try reader.value(SettingsTable.socketIOMaxPayload),
            isEcho: isEcho
        )
        return try reader.value(SettingsTable.socketIO) == .on ? settings : nil
    }
}

extension RedisConfiguration {
    fileprivate static func read(_ reader: SettingsReader) throws(SettingsError) -> RedisConfiguration? {
        let host = try reader.value(SettingsTable.redisHost)
        let port = try reader.value(SettingsTable.redisPort)
        let database = try reader.value(SettingsTable.redisDatabase)
        let username = try reader.value(SettingsTable.redisUsername)
        let password = try reader.value(SettingsTable.redisPassword)
        let usesTLS = try reader.value(SettingsTable.redisTLS)
        let caFile = try reader.value(SettingsTable.redisCAFile)
        var redis: RedisConfiguration
        if let fromURL = try reader.value(SettingsTable.redisURL) {
            redis = fromURL
        } else if let host {
            redis = RedisConfiguration(location: try location(of: host, port: port), database: database)
            if redis.isClustered, database != 0 {
                throw SettingsError("REDIS_DB must be 0 where REDIS_HOST names a Redis Cluster, which has no other database")
            }
        } else {
            return nil
        }
        redis.username = redis.username ?? username
        redis.password = redis.password ?? password?.value
        redis.usesTLS = redis.usesTLS || usesTLS
        redis.caFile = caFile
        if redis.username != nil, redis.password == nil {
            throw SettingsError("REDIS_PASSWORD must be set where Redis has a user name, or be part of REDIS_URL")
        }
        return redis
    }

    /// - Parameter host: one, or several of a cluster.
    private static func location(of host: String, port: Int) throws(SettingsError) -> Location {
        guard host.contains(",") else { return .server(.tcp(host: host, port: port)) }
        guard let endpoints = SettingsTable.clusterHosts(host, defaultPort: port) else {
            throw SettingsError("REDIS_HOST must be \(SettingsTable.redisHost.declaration.allowed)")
        }
        return .cluster(endpoints)
    }
}

extension Settings.Accounts {
    fileprivate init(_ reader: SettingsReader, instance: Settings.Instance, database: DatabaseURI) throws(SettingsError) {
        previousTokenSecret = try reader.value(SettingsTable.previousTokenSecret)
        tokenLifetime = try reader.value(SettingsTable.tokenLifetime)
        scryptLogN = try reader.value(SettingsTable.scryptLogN)
        if instance.isProduction, scryptLogN < 17 {
            throw SettingsError("SCRYPT_LOG_N must be from 17 to 20 where NODE_ENV is production, not \"\(scryptLogN)\"")
        }
        switch (try reader.value(SettingsTable.adminUsername), try reader.value(SettingsTable.adminPassword)) {
        case (nil, nil): firstAdmin = nil
        case (let username?, let password?): firstAdmin = Settings.FirstAdmin(username: username, password: password)
        case (nil, _): throw SettingsError("ADMIN_USERNAME must be set where ADMIN_PASSWORD is")
        case (_, nil): throw SettingsError("ADMIN_PASSWORD must be set where ADMIN_USERNAME is")
        }
        if let given = try reader.value(SettingsTable.tokenSecret) {
            tokenSecret = given
            tokenSecretFile = nil
        } else if instance.isDevelopment {
            let file = SecretFile(besides: database)
            tokenSecret = try file.readOrCreate().secret
            tokenSecretFile = file.path
        } else {
            let declaration = SettingsTable.tokenSecret.declaration
            throw SettingsError("JWT_SECRET must be \(declaration.allowed); it is not set (only NODE_ENV=development makes one)")
        }
    }
}

extension SecretFile {
    fileprivate init(besides database: DatabaseURI) {
        switch database {
        case .sqlite(let path): self.init(path: path.prefix(through: path.lastIndex(of: "/")) + "jwt-secret")
        case .mongodb: self.init(path: "./data/jwt-secret")
        }
    }
}

extension String {
    fileprivate func prefix(through index: Index?) -> String {
        index.map { String(self[...$0]) } ?? ""
    }
}
