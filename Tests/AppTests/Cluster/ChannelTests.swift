import Glibc
import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("Channels reach over instances", .inTurn, .timeLimit(.minutes(3)))
struct ChannelTests {
    private let environment = ["RATE_LIMIT": "0"]

    @Test("A message, an edit, a reaction, typing and reading cross; who leaves hears no more", arguments: ClusterStore.allCases)
    func crossing(store: ClusterStore) async throws {
        try await store.withCluster(environment, Crossing.channel)
    }

    @Test("A user's other connections follow into a channel and out of it, on whatever instance", arguments: ClusterStore.allCases)
    func otherConnections(store: ClusterStore) async throws {
        try await store.withCluster(environment, Crossing.otherConnections)
    }

    @Test("A join with since brings what was missed in its order, once, before what is new", arguments: ClusterStore.allCases)
    func since(store: ClusterStore) async throws {
        try await store.withCluster(environment) { cluster in
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let channel = try await ada.channel()
            let onA = try await Wire.welcomed(ada, at: cluster.urlA)
            try await onA.join(channel)
            for index in 1...250 { try onA.send(Self.message(index, in: channel)) }
            try await onA.frame("ACK") { $0["ref"] == "m250" }
            let onB = try await Wire.welcomed(bob, at: cluster.urlB)
            let joined = try await onB.join(channel, since: 40)
            #expect(joined["channelId"].string == channel)
            #expect(joined["members"] == 2)
            for index in 251...300 { try onA.send(Self.message(index, in: channel)) }
            try await onB.frame("MESSAGE_RECEIVE") { $0["message"]["seq"] == 300 }
            #expect(onB.seqs(in: channel) == Array(41...300))
            #expect(!onB.frames("MESSAGE_RECEIVE").contains { $0["replayed"] == true })
            // Again, by who is in it: what it has had comes as a replay.
            let again = try await onB.join(channel, since: 297)
            #expect(again["lastSeq"] == 300)
            try await eventually(within: .seconds(10), "the replay") { onB.frames("MESSAGE_RECEIVE").count == 263 }
            #expect(onB.frames("MESSAGE_RECEIVE").suffix(3).map { $0["message"]["seq"].integer } == [298, 299, 300])
            #expect(onB.frames("MESSAGE_RECEIVE").suffix(3).allSatisfy { $0["replayed"] == true })
            // A number that is not there yet brings nothing, and keeps nothing back.
            try await onB.join(channel, since: 9_007_199_254_740_991)
            try await onA.post("after", in: channel)
            try await onB.message("after")
            #expect(onB.frames("MESSAGE_RECEIVE").count == 264)
            for wire in [onA, onB] { wire.connection.disconnect() }
        }
    }

    @Test("Memberships outlast the instance: who reconnects is in its channels", arguments: ClusterStore.allCases)
    func restart(store: ClusterStore) async throws {
        try await store.withCluster(environment) { cluster in
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let (stays, left) = (try await ada.channel(), try await ada.channel())
            let onA = try await Wire.welcomed(ada, at: cluster.urlA)
            let onB = try await Wire.welcomed(bob, at: cluster.urlB)
            for wire in [onA, onB] {
                try await wire.join(stays)
                try await wire.join(left)
            }
            try await onA.ask(["type": "CHANNEL_LEAVE", "channelId": .string(left)], answeredBy: "ACK")
            cluster.a.terminate()
            _ = try await onA.closed()
            _ = try await cluster.a.waitForExit()
            let again = try await SoloServer.start(
                [
                    "REDIS_URL": cluster.redis.url, "INSTANCE_ID": "A2", "DB_URI": cluster.databaseURI, "RATE_LIMIT": "0",
                    "DRAIN_SECONDS": "1",
                ],
                directory: cluster.directory
            )
            let back = try await Wire.welcomed(ada, at: again.url)
            try await onB.post("in the other", in: left)
            try await onB.post("welcome back", in: stays)
            #expect(try await back.message("welcome back")["seq"] == 1)
            #expect(back.seqs(in: left).isEmpty)
            try await back.post("thanks", in: stays)
            try await onB.message("thanks")
            #expect(try await back.ask(Self.message(1, in: left))["code"] == "FORBIDDEN")
            again.process.terminate()
            #expect(try await again.process.waitForExit() == .exited(0))
            onB.connection.disconnect()
        }
    }

    private static func message(_ index: Int, in channel: String) -> JSONValue {
        [
            "type": "MESSAGE_SEND", "ref": "m\(index)", "clientMessageId": "m\(index)", "channelId": .string(channel),
            "content": "message \(index)",
        ]
    }
}
