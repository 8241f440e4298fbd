import LocalCluster

/// A redis-server and two instances, started for one run and ended with it.
struct SpawnedCluster: Sendable {
    static let adminName = "verify-admin"

    let redis: RedisServer
    let a: ServerProcess
    let b: ServerProcess
    let urlA: String
    let urlB: String
    let adminPassword: String
    let directory: TemporaryDirectory
    /// Where the instances keep their data.
    let databaseURI: String

    /// Starts the three and returns when both instances listen.
    ///
    /// - Parameters:
    ///   - environment: for the instances, besides what they need to find each other.
    ///   - mongoURI: the server that keeps their data, in a database of its own; nil for a SQLite file.
    static func start(environment: [String: String] = [:], mongoURI: String? = nil) async throws -> SpawnedCluster {
        let directory = try TemporaryDirectory()
        let databaseURI =
            mongoURI.map { uri in
                MongoServer.uri(uri, database: "switchboard_verify_\(SystemRandomNumberGenerator.hexadecimal(bytes: 6))")
            } ?? "sqlite:\(directory.path(of: "switchboard.db"))"
        let redis = try await RedisServer.start()
        let password = SystemRandomNumberGenerator.hexadecimal(bytes: 12)
        let common = [
            "REDIS_URL": redis.url, "ADMIN_USERNAME": adminName, "ADMIN_PASSWORD": password, "DRAIN_SECONDS": "1",
            "DB_URI": databaseURI,
        ].merging(environment) { _, new in new }
        let a = try ServerProcess(environment: common.merging(["INSTANCE_ID": "A"]) { _, new in new }, directory: directory)
        let urlA = try await a.url()
        let b = try ServerProcess(environment: common.merging(["INSTANCE_ID": "B"]) { _, new in new }, directory: directory)
        return SpawnedCluster(
            redis: redis,
            a: a,
            b: b,
            urlA: urlA,
            urlB: try await b.url(),
            adminPassword: password,
            directory: directory,
            databaseURI: databaseURI
        )
    }

    /// Ends all of it.
    func stop() async {
        a.terminate()
        b.terminate()
        _ = try? await a.waitForExit(timeout: .seconds(8))
        _ = try? await b.waitForExit(timeout: .seconds(8))
        await redis.stop()
    }
}
