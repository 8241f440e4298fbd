import Actors
import TestSupport
import Testing
import Transport

@Suite("What is done with what other Socket.IO instances say")
struct AdapterRulesTests {
    private let rules = AdapterRules(format: .classic)

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
    ) -> AdapterRules.Action {
        rules.receive(payload, from: channel) { local.contains($0) }
    }

    @Test func whatIsForARoomHereIsDelivered() {
        let expected = AdapterRules.Action.deliver(AdapterBroadcast(["hello", 42], to: AdapterTarget(rooms: ["room1"])))
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
        let action = AdapterRules(format: .sharded).receive(sharded.payload, from: sharded.channel) { _ in true }
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

    /// Whatever arrives ends in one of the actions.
    @Test(arguments: AdapterFormat.allCases)
    func anythingMayArrive(format: AdapterFormat) async {
        let rules = AdapterRules(format: format)
        let codec = format.codec(AdapterChannels())
        let target = AdapterTarget(rooms: ["room1"])
        let seeds: [[UInt8]] = [
            broadcast(["hello", 42, ["a": .binary([1])]]), codec.encode(.join(target, rooms: ["room9"])).payload,
            codec.encode(AdapterBroadcast(["hello", .double(1.5), nil], to: target)).payload,
            Array(#"{"uid":"V-mkZK","requestId":"xXRlMe","type":5,"opts":{"rooms":[],"except":[]}}"#.utf8),
            Array(#"{"type":7,"data":{"opts":{"rooms":["a"],"except":[]},"requestId":"1"},"uid":"448c185015c40264","nsp":"/"}"#.utf8),
        ]
        let channels = ["socket.io#/#", "socket.io#/#room1#", "socket.io-request#/#", "socket.io-response#/#", "socket.io#/x"]
        var generator = SeededGenerator(seed: 21)
        var rejected = 0
        for round in 0..<20_000 {
            // Others have servers to listen to.
            if round.isMultiple(of: 200) { await Task.yield() }
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                switch Int.random(in: 0...3, using: &generator) {
                case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: Int.random(in: 0...bytes.count, using: &generator))
                default:
                    guard !bytes.isEmpty else { continue }
                    bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
            }
            let channel = channels[Int.random(in: channels.indices, using: &generator)]
            if case .reject = rules.receive(bytes, from: channel, isLocal: { _ in true }) { rejected += 1 }
        }
        #expect((1..<20_000).contains(rejected))
    }

    @Test func soManyAcknowledgementsAreWaitedFor() {
        var awaited = AwaitedAnswers(limit: 3, patience: .seconds(60))
        let questions = (0..<3).map { AdapterQuestion(requestID: "\($0)", uid: "u", subject: .allRooms) }
        #expect(awaited.expect(0, for: questions[0], at: .zero) == nil)
        #expect(awaited.expect(2, for: questions[0], at: .zero) == 1)
        #expect(awaited.expect(1, for: questions[0], at: .zero) == nil)
        #expect(awaited.expect(2, for: questions[1], at: .zero) == nil)
        #expect(awaited.expect(1, for: questions[1], at: .seconds(1)) == 2)
        #expect(awaited.acknowledged(questions[0]) == true)
        #expect(awaited.acknowledged(questions[0]) == true)
        #expect(awaited.acknowledged(questions[0]) == false)
        #expect(awaited.expect(3, for: questions[2], at: .seconds(60)) == nil)
        #expect(awaited.expect(3, for: questions[2], at: .seconds(61)) == 3, "nobody waits for the second any more")
        #expect(awaited.acknowledged(questions[1]) == false)
    }
}
