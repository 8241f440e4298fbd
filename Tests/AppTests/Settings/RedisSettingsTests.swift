import Testing

@testable import App

@Suite("Redis is named by a URL or by single variables")
struct RedisSettingsTests {
    @Test("A URL is taken apart")
    func url() throws {
        let plain = try #require(RedisSettings(url: "redis://localhost"))
        #expect(plain.endpoint == .tcp(host: "localhost", port: 6379))
        #expect(plain.username == nil && plain.password == nil && plain.database == 0 && !plain.usesTLS)

        let whole = try #require(RedisSettings(url: "rediss://us%65r:p%40ss:w/ord@redis.example:6380/15".replacing("/ord", with: "%2Ford")))
        #expect(whole.endpoint == .tcp(host: "redis.example", port: 6380))
        #expect(whole.username == "user")
        #expect(whole.password?.value == "p@ss:w/ord")
        #expect(whole.database == 15)
        #expect(whole.usesTLS)

        let passwordAlone = try #require(RedisSettings(url: "redis://:pw@[::1]:7000"))
        #expect(passwordAlone.endpoint == .tcp(host: "::1", port: 7000))
        #expect(passwordAlone.username == nil)
        #expect(passwordAlone.password?.value == "pw")

        let socket = try #require(RedisSettings(url: "unix://user:pw@/run/redis/redis.sock?db=3"))
        #expect(socket.endpoint == .unix(path: "/run/redis/redis.sock"))
        #expect(socket.username == "user")
        #expect(socket.database == 3)
    }

    @Test(
        "Anything else is no URL of Redis",
        arguments: [
            "", "localhost:6379", "http://localhost", "redis://", "redis://host:0", "redis://host:65536", "redis://host:port",
            "redis://host/x",
            "redis://host/-1", "redis://a b", "redis://h1,h2", "redis://user:%zz@host", "redis://[::1", "redis://[::1]x", "unix://",
            "unix://socket",
            "unix:///s?x=1", "redis+sentinel://h1,h2/master", "redis+cluster://h1,h2",
        ]
    )
    func badURL(text: String) {
        #expect(RedisSettings(url: text) == nil)
    }

    @Test("REDIS_HOST and its companions name a server; the URL wins over them but takes what it doesn't say")
    func variables() throws {
        let common = ["JWT_SECRET": "0123456789abcdef0123456789abcdef", "REDIS_HOST": "a.example", "REDIS_PORT": "7000", "REDIS_DB": "4"]
        let login = ["REDIS_USERNAME": "user", "REDIS_PASSWORD": "pw", "REDIS_TLS": "true", "REDIS_CA_FILE": "/etc/hostname"]
        let byHost = try redis(common.merging(login) { _, new in new })
        #expect(byHost?.endpoint == .tcp(host: "a.example", port: 7000))
        #expect(byHost?.database == 4)
        #expect(byHost?.username == "user")
        #expect(byHost?.password?.value == "pw")
        #expect(byHost?.usesTLS == true)
        #expect(byHost?.caFile == "/etc/hostname")

        let byURL = try redis(common.merging(["REDIS_URL": "redis://b.example/1", "REDIS_PASSWORD": "pw"]) { _, new in new })
        #expect(byURL?.endpoint == .tcp(host: "b.example", port: 6379))
        #expect(byURL?.database == 1)
        #expect(byURL?.password?.value == "pw")
    }

    private func redis(_ variables: [String: String]) throws -> RedisSettings? {
        try Settings(SettingsReader(environment: variables, file: nil)).redis
    }
}
