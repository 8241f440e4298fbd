import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite(
    "Bad input in conversations is refused in words, stores nothing and touches nobody else",
    .cluster(["RATE_LIMIT": "0", "MAX_FRAME_BYTES": "2097152"]),
    .timeLimit(.minutes(2))
)
struct HostileConversationTests {
    /// Ada and Bob, who talk directly and in a channel, and Eve, who has nothing to do with it.
    private struct Scene {
        let ada: Person
        let bob: Person
        let channel: String
        let direct: String
        let inChannel: JSONValue
        let inDirect: JSONValue
        let bobOnB: Wire
        let eve: Wire
        /// What Bob and the store had before the bad input.
        let before: [[JSONValue]]
    }

    private func scene() async throws -> Scene {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let channel = try await ada.channel()
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        let bobOnB = try await Wire.welcomed(bob, at: cluster.urlB)
        for wire in [onA, bobOnB] { try await wire.join(channel) }
        let inChannel = try await onA.post("in the channel", in: channel)
        let inDirect = try await onA.post("between us", to: bob)
        try await bobOnB.message("in the channel")
        try await bobOnB.message("between us")
        onA.connection.disconnect()
        let eve = try await Wire.welcomed(try await cluster.visitor.person(), at: cluster.urlA)
        let scene = Scene(
            ada: ada,
            bob: bob,
            channel: channel,
            direct: try ada.conversation(with: bob),
            inChannel: inChannel,
            inDirect: inDirect,
            bobOnB: bobOnB,
            eve: eve,
            before: []
        )
        return Scene(
            ada: ada,
            bob: bob,
            channel: channel,
            direct: scene.direct,
            inChannel: inChannel,
            inDirect: inDirect,
            bobOnB: bobOnB,
            eve: eve,
            before: try await state(scene)
        )
    }

    /// What the store tells and what Bob was told; presence changes by itself.
    private func state(_ scene: Scene) async throws -> [[JSONValue]] {
        let api = scene.ada.api
        return [
            try await api.call(.GET, "/api/conversations/\(scene.channel)/messages").json["messages"].array,
            try await api.call(.GET, "/api/conversations/\(scene.direct)/messages").json["messages"].array,
            try await api.call(.GET, "/api/conversations").json["conversations"].array,
            scene.bobOnB.inbox.frames.filter { $0["type"] != "PRESENCE" && $0["type"] != "PONG" },
        ]
    }

    private func check(_ scene: Scene, from wire: Wire, _ cases: [(JSONValue, String)]) async throws {
        for (frame, code) in cases {
            let answer = try await wire.ask(frame)
            let name = try frame.text().prefix(120)
            #expect(answer["type"] == "ERROR", "\(name)")
            #expect(answer["code"].string == code, "\(name)")
            #expect((answer["message"].string ?? "").count > 8)
            #expect((answer["message"].string ?? "").utf8.count < 400)
        }
        // Whatever had crossed would be there before this.
        try await wire.ping()
        try await scene.bobOnB.ping()
        #expect(try await state(scene) == scene.before)
    }

    @Test("Unknown channels and foreign conversations")
    func foreign() async throws {
        let scene = try await scene()
        let absent = "ch:absent-" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
        var cases: [(JSONValue, String)] = [
            (["type": "CHANNEL_JOIN", "channelId": .string(absent)], "NOT_FOUND"),
            (["type": "CHANNEL_LEAVE", "channelId": .string(absent)], "NOT_FOUND"),
        ]
        let message = scene.inChannel["messageId"]
        for (conversation, code) in [(absent, "NOT_FOUND"), (scene.channel, "FORBIDDEN"), (scene.direct, "FORBIDDEN")] {
            let id = JSONValue.string(conversation)
            let more: [(JSONValue, String)] = [
                (["type": "MESSAGE_EDIT", "conversationId": id, "messageId": message, "content": "x"], code),
                (["type": "MESSAGE_DELETE", "conversationId": id, "messageId": message], code),
                (["type": "REACTION", "conversationId": id, "messageId": message, "emoji": "👍", "op": "add"], code),
                (["type": "TYPING", "conversationId": id, "isTyping": true], code),
                (["type": "READ", "conversationId": id, "seq": 1], code),
            ]
            cases += more
            if conversation.hasPrefix("ch:") {
                cases.append((["type": "MESSAGE_SEND", "channelId": id, "clientMessageId": "x", "content": "x"], code))
            }
        }
        try await check(scene, from: scene.eve, cases)
        // Leaving what one isn't in changes nothing, and is no failure.
        try await scene.eve.ask(["type": "CHANNEL_LEAVE", "channelId": .string(scene.channel)], answeredBy: "ACK")
        // Cursors of foreign conversations bring nothing.
        let synced = try await scene.eve.ask(
            ["type": "SYNC", "cursors": [scene.channel: 0, scene.direct: 0, absent: 0]],
            answeredBy: "SYNCED"
        )
        #expect(synced["cursors"] == [:])
        #expect(scene.eve.frames("MESSAGE_RECEIVE").isEmpty)
        #expect(try await state(scene) == scene.before)
    }

    @Test("Messages of others, and messages of another conversation")
    func messages() async throws {
        let scene = try await scene()
        let cluster = try RunningCluster.current
        let bob = try await Wire.welcomed(scene.bob, at: cluster.urlA)
        let (channel, direct) = (JSONValue.string(scene.channel), JSONValue.string(scene.direct))
        let (inChannel, inDirect) = (scene.inChannel["messageId"], scene.inDirect["messageId"])
        let absent: JSONValue = "0190a5a0-0000-7000-8000-000000000000"
        var cases: [(JSONValue, String)] = []
        for (conversation, message, code) in [
            (channel, inChannel, "FORBIDDEN"), (direct, inDirect, "FORBIDDEN"), (channel, inDirect, "NOT_FOUND"),
            (direct, inChannel, "NOT_FOUND"), (channel, absent, "NOT_FOUND"),
        ] {
            let more: [(JSONValue, String)] = [
                (["type": "MESSAGE_EDIT", "conversationId": conversation, "messageId": message, "content": "x"], code),
                (["type": "MESSAGE_DELETE", "conversationId": conversation, "messageId": message], code),
            ]
            cases += more
        }
        for (conversation, message) in [(channel, inDirect), (direct, absent)] {
            cases.append(
                (["type": "REACTION", "conversationId": conversation, "messageId": message, "emoji": "👍", "op": "add"], "NOT_FOUND")
            )
        }
        try await check(scene, from: bob, cases)
        bob.connection.disconnect()
    }

    @Test("Fields of absurd size or form")
    func sizes() async throws {
        let scene = try await scene()
        let cluster = try RunningCluster.current
        let bob = try await Wire.welcomed(scene.bob, at: cluster.urlA)
        let channel = JSONValue.string(scene.channel)
        let message = scene.inChannel["messageId"]
        func reaction(_ emoji: String, _ op: String = "add") -> JSONValue {
            ["type": "REACTION", "conversationId": channel, "messageId": message, "emoji": .string(emoji), "op": .string(op)]
        }
        let ids = (0...500).map { JSONValue.string("0190a5a0-0000-7000-8000-\(String(repeating: "0", count: 9))\(100 + $0)") }
        let manyCursors = Dictionary(uniqueKeysWithValues: (0...5_000).map { ("ch:c\($0)", JSONValue.integer(0)) })
        try await check(
            scene,
            from: bob,
            [
                (reaction(String(repeating: "👍", count: 250_000)), "BAD_REQUEST"),
                (reaction("👍" + String(repeating: "\u{0301}", count: 500_000)), "BAD_REQUEST"),
                (reaction(""), "BAD_REQUEST"),
                (reaction("👍", "toggle"), "BAD_REQUEST"),
                (["type": "PRESENCE_WATCH", "userIds": .array(ids)], "BAD_REQUEST"),
                (["type": "PRESENCE_WATCH", "userIds": .array([channel])], "BAD_REQUEST"),
                (["type": "READ", "conversationId": channel, "seq": 9_007_199_254_740_991], "BAD_REQUEST"),
                (["type": "READ", "conversationId": channel, "seq": 2], "BAD_REQUEST"),
                (["type": "READ", "conversationId": channel, "seq": 0], "BAD_REQUEST"),
                (["type": "READ", "conversationId": channel, "seq": -1], "BAD_REQUEST"),
            ]
        )
        // These are of what isn't understood; of more than 20 within a minute the connection would be closed.
        let other = try await Wire.welcomed(scene.bob, at: cluster.urlA)
        try await check(
            scene,
            from: other,
            [
                (["type": "SYNC", "cursors": [scene.channel: 9_007_199_254_740_991]], "BAD_REQUEST"),
                (["type": "SYNC", "cursors": [scene.channel: 9_223_372_036_854_775_807]], "BAD_REQUEST"),
                (["type": "SYNC", "cursors": [scene.channel: .number(1e300)]], "BAD_REQUEST"),
                (["type": "SYNC", "cursors": [scene.channel: -1]], "BAD_REQUEST"),
                (["type": "SYNC", "cursors": .object(manyCursors)], "BAD_REQUEST"),
                (["type": "SYNC", "cursors": [String(repeating: "c", count: 1_000_000): 1]], "BAD_REQUEST"),
                (["type": "SYNC", "cursors": [:], "stamp": .string(String(repeating: "9", count: 1_000))], "BAD_REQUEST"),
                (["type": "CHANNEL_JOIN", "channelId": channel, "since": -1], "BAD_REQUEST"),
                (["type": "CHANNEL_JOIN", "channelId": .string("ch:" + String(repeating: "c", count: 500_000))], "BAD_REQUEST"),
            ]
        )
        // Nobody is watched by half.
        try await bob.ask(["type": "PRESENCE_WATCH", "userIds": .array(Array(ids.prefix(500)))], answeredBy: "PRESENCE_STATE")
        let full = try await bob.ask(["type": "PRESENCE_WATCH", "userIds": .array([ids[500]])])
        #expect(full["code"] == "BAD_REQUEST")
        for wire in [bob, other] { wire.connection.disconnect() }
    }

    @Test("A user may be in 200 channels; the next is refused")
    func channels() async throws {
        let scene = try await scene()
        let cluster = try RunningCluster.current
        let wire = try await Wire.welcomed(scene.bob, at: cluster.urlB)
        var names: [String] = []
        for _ in 0..<200 { names.append(try await scene.ada.channel()) }
        for name in names.prefix(199) { try await wire.join(name) }
        let refused = try await wire.ask(["type": "CHANNEL_JOIN", "channelId": .string(names[199])])
        #expect(refused["code"] == "FORBIDDEN")
        try await wire.ask(["type": "CHANNEL_LEAVE", "channelId": .string(names[0])], answeredBy: "ACK")
        try await wire.join(names[199])
        wire.connection.disconnect()
    }
}
