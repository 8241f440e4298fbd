import Actors
import LocalCluster
import Transport

/// Three instances, Redis and a database, with a link between each of them that can be made to fail.
struct ChaosCluster: Sendable {
    static let adminName = "chaos-admin"
    static let count = 3

    let kind: BenchDatabase.Kind
    let redis: RedisServer
    let mongo: MongoServer?
    /// The database's own address, past the links.
    let databaseURI: String
    let busLinks: [FaultyLink]
    /// Empty on SQLite.
    let storeLinks: [FaultyLink]
    let instances: [ChaosInstance]
    /// Theirs, which nobody else takes while one of them is down.
    private let ports: [ReservedPort]
    let adminPassword: String
    private let directory: TemporaryDirectory

    /// A, B, C.
    static func name(_ instance: Int) -> String {
        String(UnicodeScalar(UInt8(65 + instance)))
    }

    /// Starts the servers that the instances need; the instances start with `run`.
    static func start(_ kind: BenchDatabase.Kind) async throws -> ChaosCluster {
        let directory = try TemporaryDirectory()
        let redis = try await RedisServer.start()
        let mongo = kind == .mongodb ? try await MongoServer.start(ownOnly: true, survivesKill: true) : nil
        let database = "switchboard_chaos"
        let databaseURI = mongo?.uri(database: database) ?? "sqlite:\(directory.path(of: "switchboard.db"))"
        let password = SystemRandomNumberGenerator.hexadecimal(bytes: 12)
        var busLinks: [FaultyLink] = []
        var storeLinks: [FaultyLink] = []
        var instances: [ChaosInstance] = []
        var ports: [ReservedPort] = []
        for number in 0..<count {
            let busLink = try await FaultyLink.start(to: redis.port)
            busLinks.append(busLink)
            var environment = [
                "REDIS_URL": "redis://127.0.0.1:\(busLink.port)", "BUS_REQUIRED": "false", "ADMIN_USERNAME": adminName,
                "ADMIN_PASSWORD": password, "DRAIN_SECONDS": "3", "DB_URI": databaseURI, "LOG_LEVEL": "info",
            ]
            if let mongo {
                let link = try await FaultyLink.start(to: mongo.port)
                storeLinks.append(link)
                let address = "mongodb://127.0.0.1:\(link.port)/"
                environment["DB_URI"] = MongoServer.uri(address, database: database, options: "directConnection=true")
            }
            let port = try ReservedPort()
            ports.append(port)
            instances.append(ChaosInstance(number: number, port: port.number, environment: environment, directory: directory))
        }
        return ChaosCluster(
            kind: kind,
            redis: redis,
            mongo: mongo,
            databaseURI: databaseURI,
            busLinks: busLinks,
            storeLinks: storeLinks,
            instances: instances,
            ports: ports,
            adminPassword: password,
            directory: directory
        )
    }

    /// A way of its own to the database, past the links; nil on SQLite, which nobody has to ask.
    func openStore() async throws -> (any ClosableStore)? {
        guard kind == .mongodb else { return nil }
        var options = MongoStore.Options()
        options.poolSize = 1
        options.patience = .seconds(1)
        return try await MongoStore.open(uri: databaseURI, options: options)
    }

    /// Ends everything whose end doesn't follow from that of `instances`.
    func stop() async {
        for link in busLinks + storeLinks { await link.stop() }
        await redis.stop()
        await mongo?.stop()
    }
}
