import Actors
import Testing
import Transport

@Suite("What is done with what other Socket.IO instances say")
struct AdapterStateTests {
    private let state = AdapterState(format: .classic)

    private func broadcast(
        _ data: [MessagePackValue],
        uid: MessagePackValue = "V-mkZK",
        namespace: MessagePackValue = "/"
    ) -> [UInt8] {
        MessagePackEncoder.encode([
            uid, ["type": 2, "data": .array(data), "nsp": namespace], ["rooms": ["room1"], "except": [], "flags": [:]],
        ])
    }

    private func receive(
        _ payload: [UInt8],
        from channel: String = "socket.io#/#room1#",
        local: Set<String> = ["room1"]
    ) -> AdapterState.Action {
        state.receive(payload, from: channel) { local.contains($0) }
    }

    @Test func whatIsForARoomHereIsDelivered() {
        let expected = AdapterState.Action.deliver(AdapterBroadcast(["hello", 42], to: AdapterTarget(rooms: ["room1"])))
        #expect(receive(broadcast(["hello", 42])) == expected)
        #expect(receive(broadcast(["hello", 42], uid: "emitter")) == expected)
        #expect(receive(broadcast(["hello", 42]), from: "socket.io#/#", local: []) == expected)
        #expect(receive(broadcast(["hello", 42], namespace: nil)) == expected, "no namespace is the first one")
    }

    @Test func whatIsForARoomElsewhereIsNotEvenRead() {
        #expect(receive(broadcast(["hello"]), local: []) == .ignore)
        #expect(receive([0xC1], local: []) == .ignore)
    }

    @Test func whatComesFromSwitchboardIsDropped() {
        #expect(receive(broadcast(["hello"], uid: .text(AdapterFormat.classic.uid))) == .ignore)
        let order = ClassicCodec().encode(.disconnect(AdapterTarget(), closesTransport: true))
        #expect(receive(order.payload, from: order.channel) == .ignore)
        let sharded = ShardedCodec().encode(AdapterBroadcast(["hello"], to: AdapterTarget()))
        let action = AdapterState(format: .sharded).receive(sharded.payload, from: sharded.channel) { _ in true }
        #expect(action == .ignore)
    }

    @Test func anotherNamespaceIsRefused() {
        #expect(receive(broadcast(["hello"], namespace: "/admin")) == .reject(.wrongNamespace))
        #expect(receive(broadcast(["hello"]), from: "socket.io#/admin#room1#") == .reject(.wrongNamespace))
    }

    @Test func whatNoClientTakesInIsRefused() {
        let eleven = (0..<11).map { MessagePackValue.binary([UInt8($0)]) }
        for data: [MessagePackValue] in [[], [nil], [["x"]], ["disconnect"], ["connect_error", 1], ["x", .array(eleven)]] {
            #expect(receive(broadcast(data)) == .reject(.invalidEvent))
        }
        #expect(receive(broadcast(["x", .array(Array(eleven.prefix(10)))])) != .reject(.invalidEvent))
        #expect(receive([0xC1]) == .reject(.undecodable))
    }

    @Test func answersToOthersAreIgnored() {
        #expect(receive(Array(#"{"requestId":"1","sockets":[]}"#.utf8), from: "socket.io-response#/#") == .ignore)
    }

    @Test func ordersAndQuestionsAreTakenUp() {
        let disconnect = Array(#"{"type":4,"opts":{"rooms":["u"],"except":[]},"close":true}"#.utf8)
        #expect(
            receive(disconnect, from: "socket.io-request#/#") == .obey(.disconnect(AdapterTarget(rooms: ["u"]), closesTransport: true))
        )
        let question = AdapterQuestion(requestID: "1", uid: "V-mkZK", subject: .allRooms)
        #expect(receive(Array(#"{"uid":"V-mkZK","requestId":"1","type":1}"#.utf8), from: "socket.io-request#/#") == .answer(question))
    }

    @Test func soManyAcknowledgementsAreWaitedFor() {
        var state = AdapterState(format: .classic, awaitedLimit: 3)
        let questions = (0..<3).map { AdapterQuestion(requestID: "\($0)", uid: "u", subject: .allRooms) }
        #expect(state.expect(0, for: questions[0], at: .zero) == false)
        #expect(state.expect(2, for: questions[0], at: .zero) == true)
        #expect(state.expect(1, for: questions[0], at: .zero) == false)
        #expect(state.expect(2, for: questions[1], at: .zero) == false)
        #expect(state.expect(1, for: questions[1], at: .seconds(1)) == true)
        #expect(state.acknowledged(questions[0]) == true)
        #expect(state.acknowledged(questions[0]) == true)
        #expect(state.acknowledged(questions[0]) == false)
        #expect(state.expect(3, for: questions[2], at: .seconds(60)) == false)
        #expect(state.expect(3, for: questions[2], at: .seconds(61)) == true, "nobody waits for the second any more")
        #expect(state.acknowledged(questions[1]) == false)
    }
}
