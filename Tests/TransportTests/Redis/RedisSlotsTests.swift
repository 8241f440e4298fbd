import Testing
import Transport

@Suite("A Redis Cluster's slots: which one a key has, and who serves it")
struct RedisSlotsTests {
    private typealias Endpoint = RedisConfiguration.Endpoint
    private let asked = Endpoint.tcp(host: "asked", port: 1)

    private func server(_ host: String?, _ port: Int64) -> RedisReply {
        .array([host.map { .bulk(Array($0.utf8)) } ?? .null, .integer(port), .bulk(Array("id".utf8)), .array([])])
    }

    private func range(_ first: Int64, _ last: Int64, _ servers: RedisReply...) -> RedisReply {
        .array([.integer(first), .integer(last)] + servers)
    }

    private func slot(_ number: Int) throws -> HashSlot {
        try #require(HashSlot(number))
    }

    @Test func theChecksumIsThatOfTheSpecification() {
        #expect(HashSlot.checksum(of: "123456789".utf8) == 0x31C3)
        #expect(HashSlot.checksum(of: "".utf8) == 0)
    }

    @Test(arguments: [
        ("foo", "foo"), ("{user1000}.following", "user1000"), ("foo{bar}{zap}", "bar"), ("foo{{bar}}zap", "{bar"), ("a{b", "a{b"),
        ("}a{b}", "b"),
    ])
    func whatStandsInBracesDecides(key: String, tag: String) {
        #expect(HashSlot(of: key).number == Int(HashSlot.checksum(of: tag.utf8)) % 16_384)
    }

    @Test func emptyBracesAreLikeAnyLetters() {
        #expect(HashSlot(of: "foo{}{bar}").number == Int(HashSlot.checksum(of: "foo{}{bar}".utf8)) % 16_384)
        #expect(HashSlot(of: "foo").number == 12_182)
        #expect(HashSlot(16_384) == nil && HashSlot(-1) == nil && HashSlot(16_383) != nil)
    }

    @Test func eachSlotHasItsServer() throws {
        let reply = RedisReply.array([
            range(0, 99, server("a", 7), server("r", 9)), range(100, 16_382, server("", 8)),
            range(16_383, 16_383, server("a", 7), server(nil, 9)),
        ])
        var slots = try RedisSlots(reply, from: asked)
        let (a, b) = (Endpoint.tcp(host: "a", port: 7), Endpoint.tcp(host: "asked", port: 8))
        #expect(slots.primaries == [a, b])
        #expect(slots.replicas == [.tcp(host: "r", port: 9), .tcp(host: "asked", port: 9)])
        #expect(try [0, 99, 100, 16_382, 16_383].map { slots.owner(of: try slot($0)) } == [a, a, b, b, a])
        slots.assign(try slot(99), to: b)
        slots.assign(try slot(100), to: .tcp(host: "c", port: 1))
        #expect(try [98, 99, 100].map { slots.owner(of: try slot($0)) } == [a, b, .tcp(host: "c", port: 1)])
    }

    @Test func slotsThatNobodyServesAreSaid() {
        #expect {
            try RedisSlots(.array([range(0, 16_000, server("a", 7))]), from: asked)
        } throws: { error in
            let error = error as? RedisError
            return error?.code == .unavailable && error?.message == "383 of the cluster's 16384 slots are served by nobody"
        }
    }

    @Test func anythingElseIsNoAnswer() {
        let replies: [RedisReply] = [
            .null, .error("ERR x"), .array([.null]), .array([range(0, 16_383)]), .array([range(5, 4, server("a", 1))]),
            .array([range(0, 16_384, server("a", 1))]), .array([range(-1, 3, server("a", 1))]), .array([range(0, 16_383, server("a", 0))]),
            .array([range(0, 16_383, .array([.integer(1), .integer(2)]))]),
        ]
        for reply in replies {
            #expect {
                try RedisSlots(reply, from: asked)
            } throws: {
                ($0 as? RedisError)?.code == .protocolViolation
            }
        }
    }

    @Test(arguments: [
        ("MOVED 3999 10.0.0.1:6381", "moved 3999 10.0.0.1:6381"), ("ASK 1 ::1:7", "ask 1 [::1]:7"), ("MOVED 3 :6381", "moved 3 asked:6381"),
        ("MOVED 16384 a:1", nil), ("MOVED 3 a:0", nil), ("MOVED 3 a", nil), ("MOVED 3", nil), ("TRYAGAIN 3 a:1", nil), ("", nil),
    ])
    func aRedirectionSaysWhereTo(text: String, expected: String?) {
        let redirection = RedisRedirection(.error(text), from: asked)
        #expect(redirection.map { "\($0.kind) \($0.slot.number) \($0.endpoint)" } == expected)
        #expect(RedisRedirection(.status(text), from: asked) == nil)
    }

    @Test(arguments: [
        (RedisCommand("GET", "k"), "k"), (RedisCommand("mget", "k", "l"), "k"), (RedisCommand("SPUBLISH", "c", "m"), "c"),
        (RedisCommand("EVAL", "text", "2", "k", "l", "a"), "k"), (RedisCommand("EVALSHA", "digest", "0", "a"), nil),
        (RedisCommand("EVAL", "text"), nil),
        (RedisCommand("PUBLISH", "c", "m"), nil), (RedisCommand("PING"), nil), (RedisCommand("CLUSTER", "SLOTS"), nil),
        (RedisCommand([]), nil),
    ])
    func aCommandHasAKeyOrNone(command: RedisCommand, expected: String?) {
        #expect(command.key.map { String(decoding: $0, as: UTF8.self) } == expected)
    }
}
