import LocalCluster
import Testing
import Transport

@testable import App

@Suite("Redis is named by a URL or by single variables")
struct RedisSettingsTests {
    @Test("REDIS_HOST and its companions name a server; the URL wins over them but takes what it doesn't say")
    func variables() async throws {
        let files = try TemporaryDirectory()
        try await TestCertificates.make(in: files, names: "DNS:a.example")
        let caFile = files.path(of: "ca.crt")
        let common = ["JWT_SECRET": "0123456789abcdef0123456789abcdef", "REDIS_HOST": "a.example", "REDIS_PORT": "7000", "REDIS_DB": "4"]
        let login = ["REDIS_USERNAME": "user", "REDIS_PASSWORD": "pw", "REDIS_TLS": "true", "REDIS_CA_FILE": caFile]
        let byHost = try redis(common.merging(login) { _, new in new })
        #expect(byHost?.location == .server(.tcp(host: "a.example", port: 7000)))
        #expect(byHost?.database == 4)
        #expect(byHost?.username == "user")
        #expect(byHost?.password == "pw")
        #expect(byHost?.usesTLS == true)
        #expect(byHost?.caFile == caFile)

        let byURL = try redis(common.merging(["REDIS_URL": "redis://b.example/1", "REDIS_PASSWORD": "pw"]) { _, new in new })
        #expect(byURL?.location == .server(.tcp(host: "b.example", port: 6379)))
        #expect(byURL?.database == 1)
        #expect(byURL?.password == "pw")
    }

    @Test("Several hosts are a cluster's, which has one database")
    func cluster() throws {
        let common = [
            "JWT_SECRET": "0123456789abcdef0123456789abcdef", "REDIS_HOST": "a.example, b.example:7001,[::1]", "REDIS_PORT": "7000",
        ]
        let login = ["REDIS_USERNAME": "user", "REDIS_PASSWORD": "pw", "REDIS_TLS": "true"]
        let redis = try redis(common.merging(login) { _, new in new })
        let hosts = [("a.example", 7000), ("b.example", 7001), ("::1", 7000)]
        #expect(redis?.location == .cluster(hosts.map { .tcp(host: $0.0, port: $0.1) }))
        #expect(redis?.username == "user" && redis?.password == "pw" && redis?.usesTLS == true)
        for (name, value, message) in [
            ("REDIS_DB", "1", "REDIS_DB must be 0 where REDIS_HOST names a Redis Cluster"),
            ("REDIS_HOST", "a.example,", "REDIS_HOST must be a host name"),
            ("REDIS_HOST", "a.example,b.example:0", "REDIS_HOST must be a host name"),
            ("REDIS_HOST", "a.example,b/c", "REDIS_HOST must be a host name"),
        ] {
            let error = try #require(throws: SettingsError.self) { try self.redis(common.merging([name: value]) { _, new in new }) }
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }

    @Test(
        "A URL that is none of Redis is refused, what it holds not shown",
        arguments: [
            "http://a:hunter2@b", "redis://a:hunter2@b:0", "redis+cluster://h1,h2/hunter2", "redis+cluster://h1/1",
            "redis://a:hunter2%zz@b",
        ]
    )
    func badURL(text: String) throws {
        let error = try #require(throws: SettingsError.self) {
            try redis(["JWT_SECRET": "0123456789abcdef0123456789abcdef", "REDIS_URL": text])
        }
        #expect(error.description.hasPrefix("REDIS_URL must be redis://"))
        #expect(!error.description.contains("hunter2"))
    }

    @Test("An adapter of Socket.IO needs a Redis to share")
    func adapter() throws {
        let secret = ["JWT_SECRET": "0123456789abcdef0123456789abcdef", "SOCKETIO_ADAPTER": "sharded"]
        let error = try #require(throws: SettingsError.self) { try redis(secret) }
        #expect(error.description == "REDIS_URL must be set where SOCKETIO_ADAPTER is not off")
        let shared = secret.merging(["REDIS_HOST": "a.example"]) { _, new in new }
        #expect(try Settings(SettingsReader(environment: shared, file: nil)).socketIOAdapter == .sharded)
    }

    private func redis(_ variables: [String: String]) throws -> RedisConfiguration? {
        try Settings(SettingsReader(environment: variables, file: nil)).redis
    }
}
