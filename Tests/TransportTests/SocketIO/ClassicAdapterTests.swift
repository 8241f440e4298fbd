import Actors
import LocalCluster
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("Instances share rooms with Node.js by the classic adapter", .fewAtOnce, .serialized, .timeLimit(.minutes(2)))
struct ClassicAdapterTests {
    private let captured =
        "93a6562d6d6b5a4b83a47479706502a46461746192a568656c6c6f2aa36e7370a12f83a5726f6f6d7391a5726f6f6d31a665786365707490a5666c61677380"

    private func broadcast(_ data: [MessagePackValue], rooms: [String] = [], except: [String] = []) -> [UInt8] {
        MessagePackEncoder.encode([
            "V-mkZK", ["type": 2, "data": .array(data), "nsp": "/"],
            ["rooms": MessagePackValue(rooms), "except": MessagePackValue(except), "flags": [:]],
        ])
    }

    private func withTwo(_ body: @Sendable (RedisServer, AdapterFixture, AdapterFixture) async throws -> Void) async throws {
        let server = try await RedisServer.start()
        let (a, b) = (try AdapterFixture(server, .classic, instance: "A"), try AdapterFixture(server, .classic, instance: "B"))
        try await a.running { try await b.running { try await body(server, a, b) } }
        await server.stop()
    }

    @Test func broadcastsOfNodeReachTheClientsHere() async throws {
        try await withTwo { server, a, b in
            let peer = try await RedisPeer.connect(server)
            let (ada, bob) = (a.client("ada"), b.client("bob"))
            try await peer.publish(
                #"{"uid":"V-mkZK","type":2,"opts":{"rooms":["ada"],"except":[]},"rooms":["room1"]}"#,
                to: "socket.io-request#/#"
            )
            // Orders and broadcasts come over different channels; the question after the order says when it is done.
            let answers = try await RedisPeer.connect(server, "SUBSCRIBE", "socket.io-response#/#")
            try await peer.publish(#"{"uid":"V-mkZK","requestId":"1","type":1}"#, to: "socket.io-request#/#")
            let rooms = await answers.messages.wait(count: 2).map(\.text)
            let adasRooms = ["\(ada.principal.userID)", "ada", "room1"].sorted().map { "\"\($0)\"" }.joined(separator: ",")
            #expect(rooms.contains(#"{"requestId":"1","rooms":[\#(adasRooms)]}"#))
            try await peer.publish([UInt8](hex: captured), to: "socket.io#/#room1#")
            try await peer.publish(
                broadcast(["to user", .binary([1, 2])], rooms: ["\(bob.principal.userID)"]),
                to: "socket.io#/#\(bob.principal.userID)#"
            )
            try await peer.publish(broadcast(["to all"], except: ["ada"]), to: "socket.io#/#")
            await bob.packets.wait(count: 2)
            await ada.packets.wait(count: 1)
            try await peer.publish(broadcast(["last"]), to: "socket.io#/#")
            await bob.packets.wait(count: 3)
            await ada.packets.wait(count: 2)
            #expect(ada.events == [#"42["hello",42]"#, #"42["last"]"#])
            #expect(bob.events == [#"451-["to user",{"_placeholder":true,"num":0}]"#, #"42["to all"]"#, #"42["last"]"#])
            #expect(bob.packets.elements.first?.frames.last.map { Array($0.readableBytesView) } == [0x82, 2, 1, 2])
        }
    }

    @Test func everyQuestionIsAnsweredByEveryInstance() async throws {
        try await withTwo { server, a, b in
            let peer = try await RedisPeer.connect(server)
            let answers = try await RedisPeer.connect(server, "SUBSCRIBE", "socket.io-response#/#")
            let ada = a.client("ada")
            let counted = try await server.command("PUBSUB", "NUMSUB", "socket.io-request#/#")
            #expect(counted.split(separator: "\n").last == "2")
            let requests = "socket.io-request#/#"
            let none = #""opts":{"rooms":[],"except":[]}"#
            var expected = 0
            func ask(_ question: String, _ count: Int = 2) async throws -> Set<String> {
                let known = expected
                expected += count
                try await peer.publish(question, to: requests)
                return Set(await answers.messages.wait(count: expected).dropFirst(known).map(\.text))
            }
            let sockets = try await ask(#"{"uid":"V-mkZK","requestId":"1","type":5,\#(none)}"#)
            #expect(sockets.contains(#"{"requestId":"1","sockets":[]}"#))
            #expect(sockets.contains { $0.contains(#""id":"ada""#) && $0.contains(#""rooms":["ada","\#(ada.principal.userID)"]"#) })
            let ids = try await ask(#"{"uid":"V-mkZK","requestId":"2","type":0,"rooms":["\#(ada.principal.userID)"]}"#)
            #expect(ids == [#"{"requestId":"2","sockets":["ada"]}"#, #"{"requestId":"2","sockets":[]}"#])
            let emits = try await ask(#"{"uid":"V-mkZK","requestId":"3","type":6,"data":["ping-all"]}"#)
            #expect(emits == [#"{"type":6,"requestId":"3","data":null}"#])
            // Of the older form only the socket's own instance answers.
            let old = try await ask(#"{"uid":"V-mkZK","requestId":"4","type":2,"sid":"ada","room":"room9"}"#, 1)
            #expect(old == [#"{"requestId":"4"}"#])
            // An event that is acknowledged: a count of each instance, and an answer of each client.
            let event = MessagePackEncoder.encode([
                "uid": "V-mkZK", "requestId": "5", "type": 7, "packet": ["type": 2, "data": ["hello"], "nsp": "/"],
                "opts": ["rooms": ["room9"], "except": [], "flags": [:]],
            ])
            try await peer.publish(event, to: requests)
            let said = await answers.messages.wait(count: expected + 3).dropFirst(expected)
            #expect(
                Set(said.filter { $0.payload.first == UInt8(ascii: "{") }.map(\.text)) == [
                    #"{"type":8,"requestId":"5","clientCount":1}"#, #"{"type":8,"requestId":"5","clientCount":0}"#,
                ]
            )
            let acknowledgement = MessagePackEncoder.encode(["type": 9, "requestId": "5", "packet": "yes"])
            #expect(said.contains { $0.payload == acknowledgement })
            #expect(ada.events == [#"421["hello"]"#])
        }
    }

    @Test func ordersAreCarriedOut() async throws {
        try await withTwo { server, a, b in
            let peer = try await RedisPeer.connect(server)
            let user = Sample.ids.next(UserID.self)
            let (one, other, spared) = (a.client("one", user: user), b.client("other", user: user), a.client("spared"))
            // As the emitter says it, without a uid.
            let order = #"{"type":4,"opts":{"rooms":["\#(user)"],"except":[]},"close":true}"#
            try await peer.publish(order, to: "socket.io-request#/#")
            #expect(await one.disconnections.wait(count: 1) == [true])
            #expect(await other.disconnections.wait(count: 1) == [true])
            #expect(spared.disconnections.elements.isEmpty)
        }
    }

    @Test func whatHappensHereIsToldOnceAndNotToTheOtherInstancesOfSwitchboard() async throws {
        try await withTwo { server, a, b in
            let node = try await RedisPeer.connect(server, "PSUBSCRIBE", "socket.io#/#*")
            let peer = try await RedisPeer.connect(server)
            let message = Sample.message()
            let (here, there) = (a.client("here", user: message.senderID), b.client("there", user: message.senderID))
            a.bus.publish(.message(message))
            #expect(a.inner.published.elements.count == 1)
            let told = await node.messages.wait(count: 1)
            let value = try MessagePackDecoder.decode(told[0].payload)
            #expect(told[0].channel == "socket.io#/#")
            #expect(value.array?.first == .text(AdapterFormat.classic.uid))
            #expect(value.array?[1]["data"]?.array?.first == "receive_message")
            #expect(value.array?[1]["data"]?.array?[1]["messageId"] == .text("\(message.messageID)"))
            try await peer.publish(broadcast(["last"]), to: "socket.io#/#")
            await here.packets.wait(count: 1)
            await there.packets.wait(count: 1)
            #expect(here.events == [#"42["last"]"#])
            #expect(there.events == [#"42["last"]"#])
            #expect(await node.messages.wait(count: 2).count == 2)
        }
    }

    @Test func aBanEndsTheUsersClientsOnNode() async throws {
        try await withTwo { server, a, b in
            let node = try await RedisPeer.connect(server, "SUBSCRIBE", "socket.io-request#/#")
            let user = Sample.ids.next(UserID.self)
            let client = b.client("there", user: user)
            a.bus.publish(.kick(.ban(user, authEpoch: 2)))
            let order = await node.messages.wait(count: 1)[0].text
            #expect(order == #"{"uid":"swtchb","type":4,"opts":{"rooms":["\#(user)"],"except":[]},"close":false}"#)
            #expect(client.disconnections.elements.isEmpty, "instances of Switchboard know from the store whom a ban ends")
        }
    }

    @Test func nonsenseHurtsNobody() async throws {
        try await withTwo { server, a, b in
            let peer = try await RedisPeer.connect(server)
            let client = a.client("ada")
            for text in ["", "{", "[1]", "nonsense", #"{"type":99}"#, #"{"type":5}"#, String(repeating: "[", count: 5_000)] {
                try await peer.publish(text, to: "socket.io-request#/#")
                try await peer.publish(text, to: "socket.io#/#")
            }
            try await peer.publish(broadcast(["disconnect"]), to: "socket.io#/#")
            try await peer.publish(broadcast(["last"]), to: "socket.io#/#")
            await client.packets.wait(count: 1)
            #expect(client.events == [#"42["last"]"#])
            #expect(a.counters.values["switchboard_socketio_adapter_rejected_total{reason=not_decodable}", default: 0] > 0)
            #expect(a.counters.values["switchboard_socketio_adapter_rejected_total{reason=invalid_event}"] == 1)
            #expect(!a.log.elements.contains { $0.event == "adapter_lost" })
        }
    }

    @Test func whatWaitsWhileRedisIsAwayIsBoundedAndComesAfterwards() async throws {
        let server = try await RedisServer.start()
        let a = try AdapterFixture(server, .classic, instance: "A") { $0.outgoingLimit = 3 }
        let client = a.client("ada")
        let messages = (1...5).map { Sample.message(seq: $0) }
        try await a.running {
            await server.kill()
            await a.line("adapter_lost")
            for message in messages { a.bus.publish(.message(message)) }
            a.bus.publish(.chat(.typing(messages[0].conversationID, messages[0].senderID, isTyping: true)))
            #expect(a.counters.values["switchboard_socketio_adapter_publish_dropped_total"] == 3)
            #expect(a.log.elements.contains { $0.event == "publish_dropped" })
            try await server.restart()
            await a.line("adapter_restored")
            // What waited may be out before anybody listens; that it went says the counter, and Redis hears again.
            let peer = try await RedisPeer.connect(server)
            try await peer.publish(broadcast(["again"]), to: "socket.io#/#")
            await client.packets.wait(count: 1)
            #expect(client.events == [#"42["again"]"#])
            // Redis' answers may come behind that.
            while a.counters.values["switchboard_socketio_adapter_published_total"] != 3 { try await Task.sleep(for: .milliseconds(10)) }
        }
        await server.stop()
    }
}
