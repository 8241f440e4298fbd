import Testing
import Transport

@Suite("A Redis URL says where Redis is, and its errors hold no secret")
struct RedisConfigurationTests {
    @Test(arguments: [
        ("redis://localhost", RedisConfiguration(location: .server(.tcp(host: "localhost", port: 6_379)))),
        ("REDIS://h:7000/", RedisConfiguration(location: .server(.tcp(host: "h", port: 7_000)))),
        ("redis://:p%40ss%2F@h/3", RedisConfiguration(location: .server(.tcp(host: "h", port: 6_379)), password: "p@ss/", database: 3)),
        (
            "rediss://al%20ice:p:w@10.0.0.1:6380/15",
            RedisConfiguration(
                location: .server(.tcp(host: "10.0.0.1", port: 6_380)),
                username: "al ice",
                password: "p:w",
                database: 15,
                usesTLS: true
            )
        ),
        ("redis://[::1]:6380", RedisConfiguration(location: .server(.tcp(host: "::1", port: 6_380)))),
        ("redis://[fe80::1]", RedisConfiguration(location: .server(.tcp(host: "fe80::1", port: 6_379)))),
        (
            "redis://h?db=2&password=a%26b",
            RedisConfiguration(location: .server(.tcp(host: "h", port: 6_379)), password: "a&b", database: 2)
        ),
        (
            "unix:///run/my%20redis.sock?db=4&password=x&username=u",
            RedisConfiguration(location: .server(.unix(path: "/run/my redis.sock")), username: "u", password: "x", database: 4)
        ),
        (
            "redis+sentinel://h1,h2:26380/mymaster",
            RedisConfiguration(
                location: .sentinels(
                    RedisSentinels(addresses: [.tcp(host: "h1", port: 26_379), .tcp(host: "h2", port: 26_380)], group: "mymaster")
                )
            )
        ),
        (
            "redis+sentinel://u:p%2Cw@[::1]:1,h/my%20group/3?sentinelUsername=s&sentinelPassword=t%26",
            RedisConfiguration(
                location: .sentinels(
                    RedisSentinels(
                        addresses: [.tcp(host: "::1", port: 1), .tcp(host: "h", port: 26_379)],
                        group: "my group",
                        username: "s",
                        password: "t&"
                    )
                ),
                username: "u",
                password: "p,w",
                database: 3
            )
        ),
        (
            "redis+cluster://u:p%2Cw@h1,[::1]:7001,h3:7002/0",
            RedisConfiguration(
                location: .cluster([.tcp(host: "h1", port: 6_379), .tcp(host: "::1", port: 7_001), .tcp(host: "h3", port: 7_002)]),
                username: "u",
                password: "p,w"
            )
        ),
    ])
    func reads(url: String, expected: RedisConfiguration) throws {
        #expect(try RedisConfiguration(url: url) == expected)
    }

    @Test(arguments: [
        ("", "scheme"),
        ("localhost:6379", "scheme"),
        ("http://h", "scheme"),
        ("redis+sentinel://h1,h2", "the group's name"),
        ("redis+sentinel://h1,,h2/master", "the host"),
        ("redis+sentinel://h1:S3cret/master", "port"),
        ("redis+sentinel://h1/master/S3cret", "the database"),
        ("redis+sentinel://h1/master?sentinelUsername=S3cret", "without a password"),
        ("redis://h?sentinelPassword=S3cret", "query"),
        ("redis+cluster://h1,h2/1", "no database but 0"),
        ("redis+cluster://h1?db=1", "no database but 0"),
        ("redis+cluster://h1,", "the host"),
        ("redis+cluster://h1:S3cret", "port"),
        ("redis://", "host"),
        ("redis://:S3cret@", "host"),
        ("redis://h:0", "port"),
        ("redis://h:70000", "port"),
        ("redis://user:S3cret/x@h", "percent-encoded"),
        ("redis://S3cret@h", "without a password"),
        ("redis://u:@h", "without a password"),
        ("redis://:S3cret%zz@h", "the password"),
        ("redis://:S3cret%ff@h", "the password"),
        ("redis://h/S3cret", "the database"),
        ("redis://h/-1", "the database"),
        ("redis://[::1", "bracket"),
        ("redis://[::1]S3cret", "port"),
        ("redis://h?S3cret=1", "query"),
        ("unix://relative.sock?password=S3cret", "absolute"),
        ("unix:///run/r.sock?username=u", "without a password"),
    ])
    func refuses(url: String, word: String) {
        #expect {
            try RedisConfiguration(url: url)
        } throws: { error in
            let text = String(describing: error) + String(reflecting: error)
            return (error as? RedisError)?.code == .configuration && text.contains(word) && !text.contains("S3cret")
        }
    }

    @Test func descriptionsNameTheEndpointAlone() throws {
        let configuration = try RedisConfiguration(url: "rediss://user:S3cret@host.example:6380/2")
        #expect("\(configuration)" == "host.example:6380")
        var dumped = String(reflecting: configuration)
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("S3cret") && !dumped.contains("user"))
        #expect(try RedisConfiguration(url: "redis://[::1]").description == "[::1]:6379")
        #expect(try RedisConfiguration(url: "unix:///a?password=S3cret").description == "unix:///a")
        let url = "redis+sentinel://user:S3cret@h1,h2:7/main?sentinelUsername=user&sentinelPassword=S3cret"
        let sentinels = try RedisConfiguration(url: url)
        #expect("\(sentinels)" == "main of the sentinels h1:26379,h2:7")
        dump(sentinels, to: &dumped)
        let cluster = try RedisConfiguration(url: "redis+cluster://user:S3cret@h1,h2:7")
        #expect("\(cluster)" == "the cluster of h1:6379,h2:7" && cluster.isClustered && !sentinels.isClustered)
        dump(cluster, to: &dumped)
        #expect(!dumped.contains("S3cret") && !dumped.contains("user"))
    }
}
