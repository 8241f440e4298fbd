import Actors
import Testing
import Transport

@Suite("The adapter's messages are those of Node.js, byte for byte")
struct AdapterCodecTests {
    private let hello = AdapterBroadcast(["hello", 42], to: AdapterTarget(rooms: ["room1"]))
    private let somewhere = AdapterTarget(rooms: ["room1"], except: ["x"])

    private func text(_ publication: AdapterPublication?) -> String {
        publication.map { "\($0.channel) \(String(decoding: $0.payload, as: UTF8.self))" } ?? "nothing"
    }

    private func classic(_ json: String) throws(AdapterRejection) -> AdapterEnvelope {
        try ClassicCodec().decode(Array(json.utf8), from: .requests)
    }

    private func sharded(_ json: String) throws(AdapterRejection) -> AdapterEnvelope {
        try ShardedCodec().decode(Array(json.utf8), from: .everybody)
    }

    @Test(arguments: [
        ("socket.io#/#", AdapterChannels.Address.everybody), ("socket.io#/#room1#", .room("room1")), ("socket.io#/#a#b#", .room("a#b")),
        ("socket.io#/###", .room("#")), ("socket.io-request#/#", .requests), ("socket.io-response#/#", .responses),
    ])
    func channelsAreNamed(name: String, address: AdapterChannels.Address) {
        #expect(AdapterChannels().address(of: name) == address)
        #expect(AdapterChannels().name(of: address) == name)
    }

    @Test(arguments: ["socket.io#/admin#", "socket.io#/#room1", "socket.io#/", "other#/#", "socket.io-response#/#V-mkZK#"])
    func otherChannelsAreNone(name: String) {
        #expect(AdapterChannels().address(of: name) == nil)
    }

    @Test func aNamespaceHasChannelsOfItsOwn() {
        let channels = AdapterChannels(namespace: "/admin")
        #expect(channels.address(of: "socket.io#/admin#room1#") == .room("room1"))
        #expect(channels.address(of: "socket.io#/#room1#") == nil)
        #expect(channels.broadcasts == "socket.io#/admin#*")
    }

    @Test func aClassicBroadcastIsTheCapturedOne() throws {
        let captured = "93a6562d6d6b5a4b83a47479706502a46461746192a568656c6c6f2aa36e7370a12f83a5726f6f6d7391a5726f6f6d31a6657863657074"
        let bytes = [UInt8](hex: captured + "90a5666c61677380")
        let publication = ClassicCodec(uid: "V-mkZK").encode(hello)
        #expect(publication.payload.hex == bytes.hex)
        #expect(publication.channel == "socket.io#/#room1#")
        let envelope = try ClassicCodec().decode(bytes, from: .room("room1"))
        #expect(envelope == AdapterEnvelope(uid: "V-mkZK", namespace: "/", message: .broadcast(hello)))
    }

    @Test func aClassicBroadcastToSeveralRoomsGoesToAll() {
        let broadcast = AdapterBroadcast(["x"], to: AdapterTarget(rooms: ["a", "b"], except: ["c"]), isVolatile: true)
        #expect(ClassicCodec().encode(broadcast).channel == "socket.io#/#")
        #expect(ClassicCodec().encode(AdapterBroadcast(["x"], to: AdapterTarget())).channel == "socket.io#/#")
    }

    @Test func classicQuestionsAreRead() throws {
        let fetch = try classic(#"{"uid":"V-mkZK","requestId":"xXRlMe","type":5,"opts":{"rooms":[],"except":[]}}"#)
        #expect(fetch.uid == "V-mkZK")
        #expect(fetch.message == question("xXRlMe", .fetchSockets(AdapterTarget())))
        #expect(
            try classic(#"{"uid":"V-mkZK","requestId":"1","type":0,"rooms":["a"]}"#).message == question("1", .socketIDs(rooms: ["a"]))
        )
        #expect(try classic(#"{"uid":"V-mkZK","requestId":"1","type":1}"#).message == question("1", .allRooms))
        #expect(try classic(#"{"uid":"V-mkZK","type":6,"data":["ping-all","x"]}"#).message == .other)
        let emit = try classic(#"{"uid":"V-mkZK","type":6,"requestId":"1","data":["ping-all","x"]}"#).message
        #expect(emit == question("1", .serverSideEmit))
        #expect(try classic(#"{"type":8,"requestId":"1","clientCount":2}"#).message == .other)
    }

    @Test func classicOrdersAreRead() throws {
        let opts = #""opts":{"rooms":["room1"],"except":["x"]}"#
        #expect(
            try classic(#"{"uid":"V-mkZK","type":2,\#(opts),"rooms":["room9"]}"#)
                == AdapterEnvelope(uid: "V-mkZK", namespace: "/", message: .order(.join(somewhere, rooms: ["room9"])))
        )
        #expect(try classic(#"{"type":3,\#(opts),"rooms":["room9"]}"#).message == .order(.leave(somewhere, rooms: ["room9"])))
        #expect(try classic(#"{"type":4,\#(opts),"close":true}"#).message == .order(.disconnect(somewhere, closesTransport: true)))
        #expect(try classic(#"{"type":4,\#(opts)}"#).uid == nil)
        let one = AdapterTarget(rooms: ["id"])
        let old = try classic(#"{"uid":"V-mkZK","requestId":"1","type":2,"sid":"id","room":"room9"}"#).message
        #expect(old == question("1", .order(.join(one, rooms: ["room9"]), socketID: "id")))
        let close = try classic(#"{"uid":"V-mkZK","requestId":"1","type":4,"sid":"id","close":true}"#).message
        #expect(close == question("1", .order(.disconnect(one, closesTransport: true), socketID: "id")))
    }

    @Test func aClassicEventWithAcknowledgementIsRead() throws {
        let request: MessagePackValue = [
            "uid": "V-mkZK", "requestId": "1", "type": 7, "packet": ["type": 2, "data": ["hello", 42], "nsp": "/"],
            "opts": ["rooms": ["room1"], "except": [], "flags": ["timeout": 1_000]],
        ]
        let message = try ClassicCodec().decode(MessagePackEncoder.encode(request), from: .requests).message
        #expect(message == question("1", .broadcast(hello)))
    }

    @Test func classicAnswersAreWritten() {
        let asked = AdapterQuestion(requestID: "xXRlMe", uid: "V-mkZK", subject: .allRooms)
        let codec = ClassicCodec()
        #expect(text(codec.encode(.rooms(["a"]), to: asked)) == #"socket.io-response#/# {"requestId":"xXRlMe","rooms":["a"]}"#)
        #expect(text(codec.encode(.socketIDs(["i"]), to: asked)) == #"socket.io-response#/# {"requestId":"xXRlMe","sockets":["i"]}"#)
        #expect(text(codec.encode(.done, to: asked)) == #"socket.io-response#/# {"requestId":"xXRlMe"}"#)
        #expect(
            text(codec.encode(.serverSideEmit, to: asked)) == #"socket.io-response#/# {"type":6,"requestId":"xXRlMe","data":null}"#
        )
        #expect(
            text(codec.encode(.clientCount(2), to: asked)) == #"socket.io-response#/# {"type":8,"requestId":"xXRlMe","clientCount":2}"#
        )
        let acknowledgement = codec.encode(.acknowledgement("yes"), to: asked)
        #expect(acknowledgement?.payload == MessagePackEncoder.encode(["type": 9, "requestId": "xXRlMe", "packet": "yes"]))
    }

    @Test func socketsAreDescribedWithoutTheirTokens() throws {
        let user = try #require(UserID("0190a5e4-0000-7000-8000-000000000001"))
        let handshake = AdapterHandshake(
            userAgent: "Firefox",
            address: "10.0.0.1",
            issued: Timestamp(milliseconds: 1_767_873_600_000)
        )
        let socket = AdapterSocketDescription(socketID: "id", userID: user, username: "ada", rooms: ["id", "ch:x"], handshake: handshake)
        let asked = AdapterQuestion(requestID: "1", uid: "V-mkZK", subject: .fetchSockets(AdapterTarget()))
        let expected = """
            socket.io-response#/# {"requestId":"1","sockets":[{"id":"id","handshake":{"headers":{"user-agent":"Firefox"},\
            "time":"2026-01-08T12:00:00.000Z","address":"10.0.0.1","xdomain":false,"secure":false,"issued":1767873600000,\
            "url":"/socket.io/","query":{},"auth":{}},"rooms":["id","ch:x"],"data":{"userId":"\(user)","username":"ada"}}]}
            """
        #expect(text(ClassicCodec().encode(.sockets([socket]), to: asked)) == expected)
    }

    @Test func ordersAreWritten() {
        let target = AdapterTarget(rooms: ["room1"])
        let disconnect = AdapterOrder.disconnect(target, closesTransport: false)
        #expect(
            text(ClassicCodec(uid: "V-mkZK").encode(disconnect))
                == #"socket.io-request#/# {"uid":"V-mkZK","type":4,"opts":{"rooms":["room1"],"except":[]},"close":false}"#
        )
        #expect(
            text(ClassicCodec(uid: "V-mkZK").encode(.join(target, rooms: ["room9"])))
                == #"socket.io-request#/# {"uid":"V-mkZK","type":2,"opts":{"rooms":["room1"],"except":[]},"rooms":["room9"]}"#
        )
        #expect(
            text(ShardedCodec(uid: "448c185015c40264").encode(disconnect))
                == #"socket.io#/# {"type":6,"data":{"opts":{"rooms":["room1"],"except":[]},"close":false},"uid":"448c185015c40264","nsp":"/"}"#
        )
    }

    @Test func aShardedBroadcastIsTheCapturedOne() throws {
        let captured =
            #"{"type":3,"data":{"packet":{"type":2,"data":["hello",42]},"opts":{"rooms":["room1"],"except":[],"flags":{}}},"#
            + #""uid":"448c185015c40264","nsp":"/"}"#
        #expect(text(ShardedCodec(uid: "448c185015c40264").encode(hello)) == "socket.io#/#room1# \(captured)")
        #expect(
            try sharded(captured) == AdapterEnvelope(uid: "448c185015c40264", namespace: "/", message: .broadcast(hello))
        )
    }

    @Test func aShardedBroadcastWithBinaryIsMessagePack() throws {
        let broadcast = AdapterBroadcast(["x", .binary([1, 2])], to: AdapterTarget())
        let publication = ShardedCodec().encode(broadcast)
        #expect(publication.channel == "socket.io#/#")
        #expect(publication.payload.first == 0x84)
        #expect(try ShardedCodec().decode(publication.payload, from: .everybody).message == .broadcast(broadcast))
    }

    @Test func aRoomThatLooksLikeASocketHasNoShardOfItsOwn() {
        let room = String(repeating: "x", count: 20)
        #expect(ShardedCodec().encode(AdapterBroadcast(["x"], to: AdapterTarget(rooms: [room]))).channel == "socket.io#/#")
    }

    @Test func shardedQuestionsAreReadAndAnswered() throws {
        let envelope = try sharded(
            #"{"type":7,"data":{"opts":{"rooms":[],"except":[]},"requestId":"1"},"uid":"448c185015c40264","nsp":"/"}"#
        )
        let asked = AdapterQuestion(requestID: "1", uid: "448c185015c40264", subject: .fetchSockets(AdapterTarget()))
        #expect(envelope.message == .question(asked))
        #expect(
            text(ShardedCodec(uid: "me").encode(.sockets([]), to: asked))
                == #"socket.io#/#448c185015c40264# {"type":8,"data":{"requestId":"1","sockets":[]},"uid":"me","nsp":"/"}"#
        )
        #expect(
            text(ShardedCodec(uid: "me").encode(.clientCount(1), to: asked))
                == #"socket.io#/#448c185015c40264# {"type":11,"data":{"requestId":"1","clientCount":1},"uid":"me","nsp":"/"}"#
        )
        #expect(
            text(ShardedCodec(uid: "me").encode(.serverSideEmit, to: asked))
                == #"socket.io#/#448c185015c40264# {"type":10,"data":{"requestId":"1","packet":null},"uid":"me","nsp":"/"}"#
        )
        let emit = try sharded(#"{"type":9,"data":{"packet":["ping-all"],"requestId":"1"},"uid":"448c185015c40264","nsp":"/"}"#)
        #expect(emit.message == .question(AdapterQuestion(requestID: "1", uid: "448c185015c40264", subject: .serverSideEmit)))
        for silent in ["1", "2", "8", "10", "11", "12", "13"] {
            #expect(try sharded(#"{"type":\#(silent),"data":{},"uid":"448c185015c40264","nsp":"/"}"#).message == .other)
        }
    }

    @Test func shardedOrdersAreRead() throws {
        let data = { (rest: String) in #""data":{"opts":{"rooms":["room1"],"except":["x"]},\#(rest)},"uid":"u","nsp":"/"}"# }
        #expect(try sharded(#"{"type":4,"# + data(#""rooms":["room9"]"#)).message == .order(.join(somewhere, rooms: ["room9"])))
        #expect(try sharded(#"{"type":5,"# + data(#""rooms":["room9"]"#)).message == .order(.leave(somewhere, rooms: ["room9"])))
        #expect(try sharded(#"{"type":6,"# + data(#""close":true"#)).message == .order(.disconnect(somewhere, closesTransport: true)))
    }

    @Test(arguments: [
        ("", AdapterRejection.undecodable), ("{", .undecodable), ("{}", .malformed), (#"{"type":99,"uid":"u"}"#, .unknownType),
        (#"{"type":"5","uid":"u"}"#, .malformed), (#"{"type":5,"uid":"u"}"#, .malformed),
        (#"{"type":0,"uid":"u","rooms":"a","requestId":"1"}"#, .malformed),
        (#"{"type":5,"uid":"u","requestId":"1","opts":{"rooms":[{}]}}"#, .malformed), ("[1]", .undecodable),
    ])
    func badClassicRequestsAreRefused(json: String, rejection: AdapterRejection) {
        #expect(throws: rejection) { try classic(json) }
    }

    @Test(arguments: ["90", "c0", "93a161c0c0", "93a16181a474797065a2616180", "9301c0c0", "92a161c0"])
    func badClassicBroadcastsAreRefused(hex: String) {
        #expect(throws: AdapterRejection.malformed) { try ClassicCodec().decode([UInt8](hex: hex), from: .everybody) }
    }

    private func question(_ id: String, _ subject: AdapterQuestion.Subject) -> AdapterMessage {
        .question(AdapterQuestion(requestID: id, uid: "V-mkZK", subject: subject))
    }
}
