import Actors
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("Instances share rooms with Node.js by the sharded adapter", .fewAtOnce, .serialized, .timeLimit(.minutes(2)))
struct ShardedAdapterTests {
    private func withOne(_ body: @Sendable (RedisServer, AdapterFixture) async throws -> Void) async throws {
        let server = try await RedisServer.start()
        let fixture = try AdapterFixture(server, .sharded, instance: "A")
        try await fixture.running { try await body(server, fixture) }
        await server.stop()
    }

    private func message(_ type: Int, _ data: String) -> String {
        #"{"type":\#(type),"data":\#(data),"uid":"448c185015c40264","nsp":"/"}"#
    }

    private func broadcast(_ event: String, room: String? = nil) -> String {
        let rooms = room.map { "\"\($0)\"" } ?? ""
        return message(3, #"{"packet":{"type":2,"data":["\#(event)"]},"opts":{"rooms":[\#(rooms)],"except":[],"flags":{}}}"#)
    }

    @Test func aUsersRoomIsHeardWhileTheUserIsHere() async throws {
        try await withOne { server, a in
            let peer = try await RedisPeer.connect(server)
            let answers = try await RedisPeer.connect(server, "SSUBSCRIBE", "socket.io#/#448c185015c40264#")
            let client = a.client("ada")
            let user = client.principal.userID
            let room = "socket.io#/#\(user)#"
            await a.bus.follow(.user(user))
            // Redis answers in order: once the question behind it is answered, the subscription stands.
            try await settle(peer, answers)
            #expect(try await server.command("PUBSUB", "SHARDCHANNELS", "socket.io#/#*-*").contains(room))
            try await peer.publish(broadcast("hello", room: "\(user)"), to: room, sharded: true)
            try await peer.publish(broadcast("to all"), to: "socket.io#/#", sharded: true)
            await client.packets.wait(count: 2)
            #expect(client.events == [#"42["hello"]"#, #"42["to all"]"#])
            a.bus.unfollow(.user(user))
            try await settle(peer, answers)
            #expect(try await server.command("PUBSUB", "SHARDCHANNELS", "socket.io#/#*-*").isEmpty)
            #expect(a.inner.topics.elements == [.user(user)])
        }
    }

    @Test func questionsAreAnsweredToWhomeverAsked() async throws {
        try await withOne { server, a in
            let peer = try await RedisPeer.connect(server)
            let answers = try await RedisPeer.connect(server, "SSUBSCRIBE", "socket.io#/#448c185015c40264#")
            let counted = try await server.command("PUBSUB", "SHARDNUMSUB", "socket.io#/#")
            #expect(counted.split(separator: "\n").last == "1")
            let client = a.client("ada")
            try await peer.publish(message(7, #"{"opts":{"rooms":[],"except":[]},"requestId":"1"}"#), to: "socket.io#/#", sharded: true)
            let answer = await answers.messages.wait(count: 1)[0].text
            #expect(answer.hasPrefix(#"{"type":8,"data":{"requestId":"1","sockets":[{"id":"ada""#))
            #expect(answer.hasSuffix(#""uid":"\#(AdapterFormat.sharded.uid)","nsp":"/"}"#))
            let packet = #"{"packet":{"type":2,"data":["hello"]},"opts":{"rooms":[],"except":[],"flags":{}},"requestId":"2"}"#
            try await peer.publish(message(3, packet), to: "socket.io#/#", sharded: true)
            let said = await answers.messages.wait(count: 3).dropFirst().map(\.text)
            #expect(said.first?.hasPrefix(#"{"type":11,"data":{"requestId":"2","clientCount":1}"#) == true)
            #expect(said.last?.hasPrefix(#"{"type":12,"data":{"requestId":"2","packet":"yes"}"#) == true)
            try await peer.publish(message(6, #"{"opts":{"rooms":["ada"],"except":[]},"close":false}"#), to: "socket.io#/#", sharded: true)
            #expect(await client.disconnections.wait(count: 1) == [false])
        }
    }

    @Test func aRoomThatWasJoinedFromNodeIsHeard() async throws {
        try await withOne { server, a in
            let peer = try await RedisPeer.connect(server)
            let answers = try await RedisPeer.connect(server, "SSUBSCRIBE", "socket.io#/#448c185015c40264#")
            let client = a.client("ada")
            try await peer.publish(
                message(4, #"{"opts":{"rooms":["ada"],"except":[]},"rooms":["room9"]}"#),
                to: "socket.io#/#",
                sharded: true
            )
            try await settle(peer, answers)
            try await peer.publish(broadcast("hello", room: "room9"), to: "socket.io#/#room9#", sharded: true)
            await client.packets.wait(count: 1)
            a.adapter.remove("ada")
            try await settle(peer, answers)
            #expect(try await server.command("PUBSUB", "SHARDCHANNELS", "socket.io#/#room9#").isEmpty)
        }
    }

    @Test func whatHappensHereIsPublishedToTheRoom() async throws {
        try await withOne { server, a in
            let node = try await RedisPeer.connect(server, "SSUBSCRIBE", "socket.io#/#ch:general#")
            a.bus.publish(.message(try Sample.channelMessage))
            let told = await node.messages.wait(count: 1)[0].text
            #expect(told.hasPrefix(#"{"type":3,"data":{"packet":{"type":2,"data":["receive_message",{"messageId":""#))
            #expect(told.hasSuffix(#""opts":{"rooms":["ch:general"],"except":[],"flags":{}}},"uid":"7377746368627264","nsp":"/"}"#))
        }
    }

    /// Waits until the instance has done what it was told before: it answers questions behind that.
    private func settle(_ peer: RedisPeer, _ answers: RedisPeer) async throws {
        for _ in 0..<2 {
            let known = answers.messages.elements.count
            try await peer.publish(message(9, #"{"packet":["x"],"requestId":"s"}"#), to: "socket.io#/#", sharded: true)
            await answers.messages.wait(count: known + 1)
        }
    }
}
