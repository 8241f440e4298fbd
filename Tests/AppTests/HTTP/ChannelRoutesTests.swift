import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("Channels over HTTP", .cluster(["RATE_LIMIT": "0"]), .timeLimit(.minutes(2)))
struct ChannelRoutesTests {
    @Test("A channel is made once, on whatever instance")
    func creation() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let name = "lobby-" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
        let made = try await ada.api.call(.POST, "/api/channels", ["name": .string(name), "title": "The Lobby ☕"])
        #expect(made.status == 201)
        #expect(made.json == ["channelId": .string("ch:" + name), "title": "The Lobby ☕"])
        let again = try await ada.api.at(cluster.urlB).call(.POST, "/api/channels", ["name": .string(name)])
        #expect(again.status == 409)
        #expect(again.code == "CONFLICT")
        let untitled = try await ada.api.call(.POST, "/api/channels", ["name": .string(name + ".2")])
        #expect(untitled.json["title"].string == name + ".2")
        #expect(try await cluster.visitor.call(.POST, "/api/channels", ["name": "nobodys"]).status == 401)
        #expect(try await cluster.visitor.call(.GET, "/api/channels").status == 401)
    }

    @Test("What is no name or title is refused and makes no channel")
    func rules() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let mark = SystemRandomNumberGenerator.hexadecimal(bytes: 4)
        for name in ["", "Lobby", "a b", "ä", "a/b", "ch:a", String(repeating: "a", count: 65), "a\u{0}"] {
            let refused = try await ada.api.call(.POST, "/api/channels", ["name": .string(name)])
            #expect(refused.status == 400, "\(name)")
            #expect(refused.code == "BAD_REQUEST")
        }
        for title in ["", String(repeating: "t", count: 101), "a\nb", "a\u{7F}b", "a\u{80}b", "a\u{9F}b"] {
            let body: JSONValue = ["name": .string("t-" + mark), "title": .string(title)]
            #expect(try await ada.api.call(.POST, "/api/channels", body).status == 400)
        }
        for body: JSONValue in [[:], ["name": 7], ["title": "no name"], []] {
            #expect(try await ada.api.call(.POST, "/api/channels", body).status == 400)
        }
        let longest = String(repeating: "z", count: 52) + "_.-0" + mark
        #expect(longest.utf8.count == 64)
        #expect(try await ada.api.call(.POST, "/api/channels", ["name": .string(longest)]).status == 201)
        #expect(try await ada.api.call(.POST, "/api/channels", ["name": .string("t-" + mark)]).status == 201)
    }

    @Test("The list has them by name, page by page, and counts members and who is online over both instances")
    func list() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let eve = try await cluster.visitor.person()
        let prefix = "list-" + SystemRandomNumberGenerator.hexadecimal(bytes: 4) + "-"
        for index in 1...5 { #expect(try await ada.api.call(.POST, "/api/channels", ["name": "\(prefix)\(index)"]).status == 201) }
        let channel = "ch:\(prefix)2"
        let wires = [
            try await Wire.welcomed(ada, at: cluster.urlA), try await Wire.welcomed(bob, at: cluster.urlB),
            try await Wire.welcomed(eve, at: cluster.urlB), try await Wire.welcomed(eve, at: cluster.urlA),
        ]
        for (index, wire) in wires.prefix(3).enumerated() {
            #expect(try await wire.join(channel)["members"].integer == Int64(index + 1))
        }
        let query = "/api/channels?limit=3&after=ch:\(prefix)0"
        for base in [cluster.urlA, cluster.urlB] {
            try await eventually(within: .seconds(10), "three online") {
                let page = try await ada.api.at(base).call(.GET, query).json["channels"].array
                #expect(page.map { $0["channelId"].string } == (1...3).map { "ch:\(prefix)\($0)" })
                #expect(page.map { $0["members"].integer } == [0, 3, 0])
                #expect(page.allSatisfy { $0.fields == ["channelId", "title", "members", "online"] })
                return page[1]["online"] == 3
            }
        }
        let rest = try await ada.api.call(.GET, "/api/channels?limit=2&after=ch:\(prefix)3").json["channels"].array
        #expect(rest.map { $0["channelId"].string } == ["ch:\(prefix)4", "ch:\(prefix)5"])
        wires[1].connection.disconnect()
        wires[2].connection.disconnect()
        try await eventually(within: .seconds(10), "two online") {
            try await ada.api.call(.GET, query).json["channels"].array.dropFirst().first?["online"] == 2
        }
        try await wires[0].ask(["type": "CHANNEL_LEAVE", "channelId": .string(channel)], answeredBy: "ACK")
        let left = try await ada.api.at(cluster.urlB).call(.GET, query).json["channels"].array[1]
        #expect(left["members"] == 2)
        for query in ["limit=0", "limit=501", "limit=x", "after=lobby", "after=dm:x", "after=" + String(repeating: "a", count: 5_000)] {
            let refused = try await ada.api.call(.GET, "/api/channels?\(query)")
            #expect(refused.status == 400, "\(query.prefix(40))")
            #expect(refused.code == "BAD_REQUEST")
        }
        for wire in wires { wire.connection.disconnect() }
    }

    @Test("History is for members: 403 for others, 404 where there is no such channel, and sending alike")
    func history() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let eve = try await cluster.visitor.person()
        let channel = try await ada.channel()
        let wire = try await Wire.welcomed(ada, at: cluster.urlA)
        try await wire.join(channel)
        for index in 1...5 { try await wire.post("h\(index)", in: channel) }
        let path = "/api/conversations/\(channel)/messages"
        let page = try await ada.api.at(cluster.urlB).call(.GET, path + "?after=1&limit=3")
        #expect(page.json["messages"].array.map { $0["seq"].integer } == [2, 3, 4])
        #expect(page.json["hasMore"] == true)
        #expect(page.json["messages"].array.allSatisfy { $0["channelId"].string == channel && $0["recipientId"] == .null })
        let absent = "ch:absent-" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
        for base in [cluster.urlA, cluster.urlB] {
            let api = eve.api.at(base)
            for (id, status, code) in [(channel, 403, "FORBIDDEN"), (absent, 404, "NOT_FOUND")] {
                let read = try await api.call(.GET, "/api/conversations/\(id)/messages")
                #expect(read.status == status)
                #expect(read.code == code)
                let body: JSONValue = ["channelId": .string(id), "content": "x", "clientMessageId": "x"]
                let sent = try await api.call(.POST, "/api/messages", body)
                #expect(sent.status == status)
                #expect(sent.code == code)
            }
        }
        // By HTTP too whoever is in it may send, connected or not, and the others hear it.
        let quiet = try await cluster.visitor.person()
        let visit = try await Wire.welcomed(quiet, at: cluster.urlB)
        try await visit.join(channel)
        visit.connection.disconnect()
        let body: JSONValue = ["channelId": .string(channel), "content": "by http", "clientMessageId": "h"]
        let sent = try await quiet.api.at(cluster.urlB).call(.POST, "/api/messages", body)
        #expect(sent.status == 201)
        #expect(sent.json["message"]["seq"] == 6)
        #expect(try await quiet.api.call(.POST, "/api/messages", body).json["duplicate"] == true)
        #expect(try await wire.message("by http")["seq"] == 6)
        wire.connection.disconnect()
    }

    @Test("GET /api/conversations shows channels and people together, newest first, with what is unread")
    func conversations() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let channel = try await ada.channel()
        let empty = try await ada.channel()
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        let onB = try await Wire.welcomed(bob, at: cluster.urlB)
        for wire in [onA, onB] { try await wire.join(channel) }
        try await onB.join(empty)
        try await onA.post("to bob", to: bob)
        for index in 1...3 { try await onA.post("c\(index)", in: channel) }
        try await onB.message("c3")
        var list = try await bob.api.call(.GET, "/api/conversations").json["conversations"].array
        #expect(list.count == 3)
        #expect(list.first?["conversationId"].string == channel)
        #expect(list.first?["kind"] == "channel")
        #expect(list.first?["otherUserId"] == .null)
        #expect(list.first?["unread"] == 3)
        #expect(list.first?["lastMessage"]["content"] == "c3")
        #expect(list.first { $0["kind"] == "dm" }?["unread"] == 1)
        #expect(list.first { $0["conversationId"].string == empty }?["lastSeq"] == 0)
        try await onB.ask(["type": "READ", "conversationId": .string(channel), "seq": 2], answeredBy: "ACK")
        try await onA.frame("READ_RECEIPT") { $0["userId"].string == bob.id && $0["seq"] == 2 }
        list = try await bob.api.at(cluster.urlB).call(.GET, "/api/conversations").json["conversations"].array
        #expect(list.first?["readSeq"] == 2)
        #expect(list.first?["unread"] == 1)
        try await onB.ask(["type": "CHANNEL_LEAVE", "channelId": .string(channel)], answeredBy: "ACK")
        list = try await bob.api.call(.GET, "/api/conversations").json["conversations"].array
        #expect(!list.contains { $0["conversationId"].string == channel })
        for wire in [onA, onB] { wire.connection.disconnect() }
    }
}
