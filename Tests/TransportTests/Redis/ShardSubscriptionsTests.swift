import Testing
import Transport

@Suite("Which sharded channels of Redis are heard where, while their slots move")
struct ShardSubscriptionsTests {
    private typealias Action = ShardSubscriptions.Action
    private typealias Endpoint = RedisConfiguration.Endpoint

    private let one = Endpoint.tcp(host: "one", port: 1)
    private let two = Endpoint.tcp(host: "two", port: 2)

    /// All slots at one server.
    private func slots() throws -> RedisSlots {
        let server = RedisReply.array([.bulk(Array("one".utf8)), .integer(1)])
        return try RedisSlots(.array([.array([.integer(0), .integer(16_383), server])]), from: one)
    }

    private func moved(_ channel: String, to text: String = "two:2") -> ShardReply {
        .refused(.error("MOVED \(HashSlot(of: channel).number) \(text)"))
    }

    private func learned(_ channel: String, to text: String = "two:2") throws -> Action {
        let reply = RedisReply.error("MOVED \(HashSlot(of: channel).number) \(text)")
        return .learn(try #require(RedisRedirection(reply, from: one)))
    }

    /// Those that are heard at the first server.
    private func standing(_ channels: String...) throws -> ShardSubscriptions {
        var shards = ShardSubscriptions()
        for channel in channels {
            _ = shards.change(.subscribe([channel]), isTold: false, try slots())
            _ = shards.told(.subscribed(channel), by: one, try slots())
        }
        return shards
    }

    @Test func channelsAreAskedForBySlotAndTold() throws {
        var shards = ShardSubscriptions()
        let slots = try slots()
        #expect(shards.isSettled)
        #expect(
            shards.change(.subscribe(["{a}1", "b", "{a}2"]), slots)
                == [.send(.subscribe(["{a}1", "{a}2"]), to: one), .send(.subscribe(["b"]), to: one)]
        )
        #expect(shards.told(.subscribed("{a}1"), by: one, slots) == [.changed(channel: "{a}1")])
        #expect(shards.told(.subscribed("{a}2"), by: one, slots) == [.changed(channel: "{a}2")])
        #expect(!shards.isSettled)
        #expect(shards.told(.subscribed("b"), by: one, slots) == [.changed(channel: "b")])
        #expect(shards.isSettled)
        #expect(shards.change(.subscribe(["b"]), slots) == [.changed(channel: "b")])
        #expect(shards.change(.unsubscribe(["b"]), slots) == [.send(.unsubscribe(["b"]), to: one)])
        #expect(shards.told(.unsubscribed("b"), by: one, slots) == [])
        #expect(shards.told(.pong, by: one, slots) == [.changed(channel: "b")])
        #expect(shards.change(.unsubscribe(["b"]), slots) == [.changed(channel: "b")])
    }

    @Test func aChangeOfMindWaitsForTheAnswerAndEachIsTold() throws {
        var shards = ShardSubscriptions()
        let slots = try slots()
        #expect(shards.change(.subscribe(["a"]), slots) == [.send(.subscribe(["a"]), to: one)])
        #expect(shards.change(.unsubscribe(["a"]), slots) == [])
        #expect(shards.told(.subscribed("a"), by: one, slots) == [.send(.unsubscribe(["a"]), to: one)])
        #expect(shards.change(.subscribe(["a"]), slots) == [])
        #expect(shards.told(.unsubscribed("a"), by: one, slots) == [])
        #expect(shards.told(.pong, by: one, slots) == [.send(.subscribe(["a"]), to: one)])
        #expect(shards.told(.subscribed("a"), by: one, slots) == Array(repeating: .changed(channel: "a"), count: 3))
        #expect(shards.isSettled)
    }

    @Test func whatIsTakenAwayIsAskedForWhereItHasGone() throws {
        var shards = try standing("a")
        let slots = try slots()
        #expect(
            shards.told(.unsubscribed("a"), by: one, slots) == [.interrupted(channel: "a"), .send(.subscribe(["a"]), to: one)]
        )
        #expect(!shards.isSettled)
        #expect(shards.told(moved("a"), by: one, slots) == [try learned("a"), .send(.subscribe(["a"]), to: two)])
        #expect(shards.told(.subscribed("a"), by: two, slots) == [.changed(channel: "a")])
        #expect(shards.change(.unsubscribe(["a"]), slots) == [.send(.unsubscribe(["a"]), to: two)])
        // From where it was before comes nothing that counts.
        #expect(shards.told(.unsubscribed("a"), by: one, slots) == [])
    }

    @Test func whatIsTakenAwayWhileItIsGivenUpStaysGone() throws {
        var shards = try standing("a", "b")
        let slots = try slots()
        _ = shards.change(.unsubscribe(["a"]), slots)
        _ = shards.change(.subscribe(["c"]), slots)
        #expect(shards.told(.unsubscribed("a"), by: one, slots) == [])
        #expect(shards.told(moved("a"), by: one, slots) == [try learned("a")])
        #expect(shards.told(.pong, by: one, slots) == [.changed(channel: "a")])
        #expect(shards.told(.subscribed("c"), by: one, slots) == [.changed(channel: "c")])
        #expect(shards.isSettled)
    }

    @Test func whatIsTakenAwayWhileItIsGivenUpAndWantedAgainComesBack() throws {
        var shards = try standing("a")
        var slots = try slots()
        _ = shards.change(.unsubscribe(["a"]), slots)
        _ = shards.change(.subscribe(["a"]), slots)
        #expect(shards.told(.unsubscribed("a"), by: one, slots) == [])
        #expect(shards.told(moved("a"), by: one, slots) == [try learned("a")])
        slots.assign(HashSlot(of: "a"), to: two)
        #expect(shards.told(.pong, by: one, slots) == [.send(.subscribe(["a"]), to: two)])
        #expect(shards.told(.subscribed("a"), by: two, slots) == Array(repeating: .changed(channel: "a"), count: 2))
    }

    @Test func signsOfLifeAreNoAnswers() throws {
        var shards = try standing("a")
        let slots = try slots()
        shards.ping(one)
        _ = shards.change(.unsubscribe(["a"]), slots)
        shards.ping(one)
        #expect(shards.told(.pong, by: one, slots) == [] && !shards.isSettled)
        #expect(shards.told(.unsubscribed("a"), by: one, slots) == [])
        #expect(shards.told(.pong, by: one, slots) == [.changed(channel: "a")] && shards.isSettled)
        #expect(shards.told(.pong, by: one, slots) == [])
        guard case .fail(let error)? = shards.told(.pong, by: one, slots).first else { throw Unexpected() }
        #expect(error.code == .protocolViolation)
    }

    @Test func serversThatSendInCirclesAreLeft() throws {
        var shards = ShardSubscriptions()
        let slots = try slots()
        _ = shards.change(.subscribe(["a"]), slots)
        for turn in 0..<5 {
            let (from, to) = turn % 2 == 0 ? (one, "two:2") : (two, "one:1")
            #expect(shards.told(moved("a", to: to), by: from, slots).count == 2)
        }
        guard case .fail(let error)? = shards.told(moved("a", to: "one:1"), by: two, slots).first else { throw Unexpected() }
        #expect(error.code == .unavailable)
    }

    @Test(arguments: ["CLUSTERDOWN Hash slot not served", "NOPERM no", "ASK 1 two:2"])
    func anyOtherRefusalIsAnError(text: String) throws {
        var shards = ShardSubscriptions()
        _ = shards.change(.subscribe(["a"]), try slots())
        guard case .fail(let error)? = shards.told(.refused(.error(text)), by: one, try slots()).first else { throw Unexpected() }
        #expect(error.code == .refused)
        guard case .fail(let error)? = shards.told(.subscribed("x"), by: one, try slots()).first else { throw Unexpected() }
        #expect(error.code == .protocolViolation)
    }

    private static func push(_ parts: String...) -> RedisReply {
        .array(parts.map { .bulk(Array($0.utf8)) })
    }

    private static let readings: [(RedisReply, ShardReply?)] = [
        (.error("ERR x"), .refused(.error("ERR x"))),
        (.status("PONG"), .pong),
        (.status("OK"), nil),
        (.null, nil),
        (push("pong", ""), .pong),
        (push(), nil),
        (push("ssubscribe", "c", "1"), .subscribed("c")),
        (push("sunsubscribe", "c", "0"), .unsubscribed("c")),
        (push("smessage", "c", "m"), .message(channel: "c", payload: Array("m".utf8))),
        (.array([.bulk(Array("smessage".utf8)), .bulk(Array("c".utf8)), .null]), nil),
        (push("message", "c", "m"), nil),
    ]

    @Test func repliesAreRead() {
        for (reply, expected) in Self.readings { #expect(ShardReply(reply) == expected) }
    }
}
