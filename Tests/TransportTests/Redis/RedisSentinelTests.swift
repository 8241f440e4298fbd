import Actors
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("The bus is where the primary is", .fewAtOnce, .timeLimit(.minutes(2)))
struct RedisSentinelTests {
    @Test("Sentinels lead to it, and to the next one when it dies")
    func failover() async throws {
        let group = try await SentinelGroup()
        // The first one is dead: the next is asked.
        let nobody = try ReservedPort()
        let url = "redis+sentinel://127.0.0.1:\(nobody.number),\(group.hosts)/\(SentinelGroup.name)"
        let a = try BusFixture(url, instance: "A")
        let b = try BusFixture(url, instance: "B")
        let messages = (1...3).map { Sample.message(seq: $0) }
        try await a.running {
            try await b.running {
                _ = try await a.bus.waitUntilReady()
                _ = try await b.bus.waitUntilReady()
                #expect(try await subscribers(of: group.primary) == 2)
                a.bus.publish(.message(messages[0]))
                await b.waitForMessage(messages[0])
                await group.primary.kill()
                await a.line("bus_lost")
                // It waits until there is a primary again.
                a.bus.publish(.message(messages[1]))
                await a.line("bus_restored")
                await b.line("bus_restored")
                await a.waitForMessage(messages[1])
                #expect(try await subscribers(of: group.replica) == 2)
                // The old one comes back, and for a moment says that it is one.
                try await group.primary.restart()
                a.bus.publish(.message(messages[2]))
                await b.waitForMessage(messages[2])
                #expect(try await subscribers(of: group.primary) == 0)
            }
        }
        await group.stop()
        withExtendedLifetime(nobody) {}
    }

    @Test("Sentinels may want a password of their own; what they don't know or refuse is said")
    func refusals() async throws {
        let group = try await SentinelGroup(sentinelPassword: "S3cret")
        let address = "redis+sentinel://\(group.hosts)"
        let known = "\(address)/\(SentinelGroup.name)"
        let unwanted = "redis+sentinel://:S3cret@\(group.hosts)/\(SentinelGroup.name)?sentinelPassword=S3cret"
        #expect(try await roundTrip("\(known)?sentinelPassword=S3cret") > .zero)
        for (url, code, word) in [
            (known, RedisError.Code.authentication, "NOAUTH"),
            ("\(known)?sentinelPassword=S3cret-not", .authentication, "WRONGPASS"),
            ("\(address)/another?sentinelPassword=S3cret", .unavailable, "knows no primary of that name"),
            (unwanted, .authentication, "primary by sentinel"),
        ] {
            let error = try await #require(throws: RedisError.self) { try await roundTrip(url) }
            #expect(error.code == code)
            #expect(error.message.contains("sentinel 127.0.0.1:") && error.message.contains(word), "\(error)")
            #expect(!error.message.contains("S3cret"))
        }
        await group.stop()
    }

    @Test("A server that becomes a replica is left, and taken when it is the primary again")
    func demotion() async throws {
        let server = try await RedisServer.start()
        let primary = try await RedisServer.start()
        let a = try BusFixture(server.url, instance: "A")
        try await a.running {
            _ = try await a.bus.waitUntilReady()
            try await server.command("REPLICAOF", "127.0.0.1", "\(primary.port)")
            let reply = try await a.bus.execute(RedisCommand("SET", "key", "value"))
            #expect(reply.errorCode == "READONLY")
            #expect(await a.line("bus_lost").metadata["reason"] == "Redis is a replica, which takes no writes")
            #expect(await a.line("connect_failed").metadata["reason"] == "Redis is a replica, which takes no writes")
            try await server.command("REPLICAOF", "NO", "ONE")
            await a.line("bus_restored")
            let message = Sample.message()
            a.bus.publish(.message(message))
            await a.waitForMessage(message)
        }
        await server.stop()
        await primary.stop()
    }

    private func roundTrip(_ url: String) async throws -> Duration {
        try await RedisProbe(configuration: RedisConfiguration(url: url), time: RealTime()).roundTrip()
    }

    /// How many instances listen there.
    private func subscribers(of server: RedisServer) async throws -> Int {
        let lines = try await server.command("PUBSUB", "NUMSUB", "chat.message").split(separator: "\n")
        return lines.last.flatMap { Int($0) } ?? -1
    }
}
