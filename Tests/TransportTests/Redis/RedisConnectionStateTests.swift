import Testing
import Transport

@Suite("A connection gives each answer to the command it belongs to")
struct RedisConnectionStateTests {
    private typealias State = RedisConnectionState<String>

    private func send(_ name: String, _ state: inout State) throws -> State.CommandID {
        guard case .write(let id) = state.send(name) else { throw Unexpected() }
        return id
    }

    /// The action in short: who is answered with what, or what else is to be done.
    private func word(_ action: State.Action) -> String {
        switch action {
        case .complete(let who, let reply): "\(who)=\(reply.text ?? reply.errorCode ?? "…")"
        case .push(let channel, let payload): "\(channel)>\(String(decoding: payload, as: UTF8.self))"
        case .changed(let channel): "changed \(channel)"
        case .shard(let reply): "shard \(reply)"
        case .ignore: "ignore"
        case .close(let error): "close \(error.code)"
        }
    }

    private func push(_ parts: String...) -> RedisReply {
        .array(parts.map { .bulk(Array($0.utf8)) })
    }

    private func confirmation(_ channel: String, _ count: Int64) -> RedisReply {
        .array([.bulk(Array("subscribe".utf8)), .bulk(Array(channel.utf8)), .integer(count)])
    }

    @Test func answersComeInTheOrderOfTheCommands() throws {
        var state = State()
        _ = try send("a", &state)
        _ = try send("b", &state)
        #expect(word(state.receive(.status("1"))) == "a=1")
        _ = try send("c", &state)
        #expect(word(state.receive(.error("ERR x"))) == "b=ERR")
        #expect(word(state.receive(.status("3"))) == "c=3")
        #expect(word(state.receive(.status("4"))) == "close protocolViolation")
    }

    @Test func anExpiredCommandLeavesItsNeighboursTheirAnswers() throws {
        var state = State()
        let first = try send("a", &state)
        let second = try send("b", &state)
        _ = try send("c", &state)
        #expect(state.expire(second) == "b")
        #expect(state.expire(second) == nil)
        #expect(word(state.receive(.status("1"))) == "a=1")
        #expect(state.expire(first) == nil)
        #expect(word(state.receive(.status("2"))) == "ignore")
        #expect(word(state.receive(.status("3"))) == "c=3")
    }

    @Test func aSubscriptionIsCompleteWithItsLastChannel() throws {
        var state = State()
        _ = try send("auth", &state)
        #expect(state.subscribe("sub", channels: 2) == nil)
        guard case .refuse("late", let error) = state.send("late") else { throw Unexpected() }
        #expect(error.code == .refused)
        #expect(word(state.receive(.status("OK"))) == "auth=OK")
        #expect(word(state.receive(confirmation("x", 1))) == "ignore")
        #expect(word(state.receive(push("message", "x", "early"))) == "x>early")
        #expect(word(state.receive(confirmation("y", 2))) == "sub=…")
        #expect(word(state.receive(push("message", "y", "hello"))) == "y>hello")
        #expect(word(state.receive(push("nonsense", "y"))) == "close protocolViolation")
    }

    @Test func aSubscriptionChangesOnceItStands() {
        var state = State()
        #expect(!state.admitsChanges)
        #expect(state.subscribe("sub", channels: 1) == nil)
        #expect(!state.admitsChanges)
        #expect(word(state.receive(confirmation("x", 1))) == "sub=…")
        #expect(state.admitsChanges)
        #expect(word(state.receive(confirmation("y", 2))) == "changed y")
        #expect(word(state.receive(push("message", "y", "hello"))) == "y>hello")
        let end = RedisReply.array([.bulk(Array("unsubscribe".utf8)), .bulk(Array("x".utf8)), .integer(1)])
        #expect(word(state.receive(end)) == "changed x")
        #expect(state.subscribe("more", channels: 1) == nil)
        #expect(!state.admitsChanges)
        #expect(word(state.receive(confirmation("z", 2))) == "more=…")
        #expect(word(state.receive(.error("NOPERM no"))) == "close refused")
        _ = state.close(.init(.closed, "over"))
        #expect(!state.admitsChanges)
    }

    @Test(arguments: ["", "p", "s"])
    func everyWayToSubscribeIsConfirmedAndBringsMessages(prefix: String) {
        var state = State()
        #expect(state.subscribe("sub", channels: 1) == nil)
        let confirmed = RedisReply.array([.bulk(Array("\(prefix)subscribe".utf8)), .bulk(Array("x*".utf8)), .integer(1)])
        #expect(word(state.receive(confirmed)) == "sub=…")
        let message = prefix == "p" ? push("pmessage", "x*", "xy", "hello") : push("\(prefix)message", "xy", "hello")
        #expect(word(state.receive(message)) == "xy>hello")
        let ended = RedisReply.array([.bulk(Array("\(prefix)unsubscribe".utf8)), .bulk(Array("x*".utf8)), .integer(0)])
        #expect(word(state.receive(ended)) == "changed x*")
        #expect(word(state.receive(push("pmessage", "xy", "hello"))) == "close protocolViolation")
    }

    @Test func aConnectionThatListensTellsEverything() throws {
        var state = State()
        _ = try send("auth", &state)
        #expect(word(state.receive(.status("OK"))) == "auth=OK")
        #expect(!state.admitsChanges)
        state.listen()
        #expect(state.admitsChanges)
        guard case .refuse("late", _) = state.send("late") else { throw Unexpected() }
        let confirmed = RedisReply.array([.bulk(Array("ssubscribe".utf8)), .bulk(Array("x".utf8)), .integer(1)])
        #expect(word(state.receive(confirmed)) == "shard \(ShardReply.subscribed("x"))")
        #expect(word(state.receive(push("pong", ""))) == "shard pong")
        #expect(word(state.receive(.integer(1))) == "close protocolViolation")
        _ = state.close(.init(.closed, "over"))
        #expect(!state.admitsChanges)
    }

    @Test func aRefusedSubscriptionIsTold() {
        var state = State()
        #expect(state.subscribe("sub", channels: 1) == nil)
        #expect(state.subscribe("again", channels: 1)?.0 == "again")
        #expect(word(state.receive(.error("NOPERM no"))) == "sub=NOPERM")
    }

    @Test func theEndIsToldToEverybodyOnce() throws {
        var state = State()
        let first = try send("a", &state)
        _ = try send("b", &state)
        #expect(state.subscribe("sub", channels: 1) == nil)
        #expect(state.close(RedisError(.tls, "not trusted")) == ["a", "b", "sub"])
        #expect(state.close(RedisError(.closed, "later")).isEmpty)
        #expect(state.expire(first) == nil)
        #expect(word(state.receive(.status("late"))) == "ignore")
        guard case .refuse("c", let error) = state.send("c") else { throw Unexpected() }
        #expect(error.code == .tls)
    }

    @Test func soManyMayWait() throws {
        var state = State(limit: 1)
        _ = try send("a", &state)
        guard case .refuse("b", let error) = state.send("b") else { throw Unexpected() }
        #expect(error.code == .overloaded)
    }
}

/// A value of another case than the test is about.
struct Unexpected: Error {}
