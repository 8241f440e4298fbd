import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

/// What has to reach the other instance, whatever the store and the routing.
enum Crossing {
    /// Between two people.
    static func direct(_ cluster: SpawnedCluster) async throws {
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        let otherOfAda = try await Wire.welcomed(ada, at: cluster.urlB)
        let onB = try await Wire.welcomed(bob, at: cluster.urlB)
        let message = try await onA.post("hello", to: bob)
        for wire in [onB, otherOfAda] { #expect(try await wire.message("hello")["messageId"] == message["messageId"]) }
        try await changes(of: message, by: onA, seenBy: [otherOfAda, onB])
        try await reading(message, by: onB, of: bob, seenBy: [onA, otherOfAda])
        try await typing(in: message["conversationId"], by: onA, of: ada, seenBy: [onB])
        #expect(onA.frames("TYPING").isEmpty)
        for wire in [onA, otherOfAda, onB] { wire.connection.disconnect() }
    }

    /// Between members of a channel.
    static func channel(_ cluster: SpawnedCluster) async throws {
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let eve = try await cluster.visitor.person()
        let channel = try await ada.channel()
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        let onB = try await Wire.welcomed(bob, at: cluster.urlB)
        let outside = try await Wire.welcomed(eve, at: cluster.urlB)
        #expect(try await onA.join(channel)["members"] == 1)
        #expect(try await onB.join(channel)["members"] == 2)
        let message = try await onA.post("hello", in: channel)
        #expect(message["channelId"].string == channel)
        let received = try await onB.message("hello")
        #expect(received["messageId"] == message["messageId"])
        #expect(received["clientMessageId"] == .null)
        try await changes(of: message, by: onA, seenBy: [onB])
        try await reading(message, by: onB, of: bob, seenBy: [onA])
        try await typing(in: .string(channel), by: onA, of: ada, seenBy: [onB])
        try await onB.ask(["type": "CHANNEL_LEAVE", "channelId": .string(channel)], answeredBy: "ACK")
        try await onA.post("without you", in: channel)
        try await onA.ask(deletion(of: message), answeredBy: "ACK")
        // Behind what would have come before it.
        try await onA.post("to bob", to: bob)
        try await onB.message("to bob")
        #expect(onB.seqs(in: channel) == [1])
        #expect(!onB.frames("MESSAGE_UPDATE").contains { $0["message"]["deletedAt"].string != nil })
        #expect(outside.frames("MESSAGE_RECEIVE").isEmpty && outside.frames("MESSAGE_UPDATE").isEmpty && outside.frames("TYPING").isEmpty)
        for wire in [onA, onB, outside] { wire.connection.disconnect() }
    }

    /// Between the connections of one user.
    static func otherConnections(_ cluster: SpawnedCluster) async throws {
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let channel = try await ada.channel()
        let onA = try await Wire.welcomed(ada, at: cluster.urlA)
        let second = try await Wire.welcomed(ada, at: cluster.urlA)
        let onB = try await Wire.welcomed(ada, at: cluster.urlB)
        let bobOnB = try await Wire.welcomed(bob, at: cluster.urlB)
        try await bobOnB.join(channel)
        try await onA.join(channel)
        // The hint of the join, or within two seconds the store, has brought the other instance to follow.
        try await bobOnB.post("to all of ada", in: channel)
        for wire in [onA, second, onB] { try await wire.message("to all of ada") }
        try await onB.post("from the other", in: channel)
        for wire in [onA, second, bobOnB] { try await wire.message("from the other") }
        try await onB.ask(["type": "CHANNEL_LEAVE", "channelId": .string(channel)], answeredBy: "ACK")
        // A command asks the store where the user isn't known to be in the channel, and so tells whether this instance has heard of it.
        try await eventually(within: .seconds(10), "leaving on A") {
            try await onA.ask(["type": "READ", "conversationId": .string(channel), "seq": 1])["code"] == "FORBIDDEN"
        }
        try await bobOnB.post("without ada", in: channel)
        try await bobOnB.post("to ada", to: ada)
        for wire in [onA, second, onB] {
            try await wire.message("to ada")
            #expect(wire.seqs(in: channel).allSatisfy { $0 <= 2 })
        }
        for wire in [onA, second, onB, bobOnB] { wire.connection.disconnect() }
    }

    private static func changes(of message: JSONValue, by author: Wire, seenBy others: [Wire]) async throws {
        let (conversation, id) = (message["conversationId"], message["messageId"])
        try await author.ask(
            ["type": "REACTION", "conversationId": conversation, "messageId": id, "emoji": "👍🏽", "op": "add"],
            answeredBy: "ACK"
        )
        try await author.ask(
            ["type": "MESSAGE_EDIT", "conversationId": conversation, "messageId": id, "content": "edited"],
            answeredBy: "ACK"
        )
        for wire in others {
            try await wire.frame("MESSAGE_UPDATE") { $0["message"]["reactions"]["👍🏽"] == [message["senderId"]] }
            let edited = try await wire.frame("MESSAGE_UPDATE") { $0["message"]["content"] == "edited" }
            #expect(edited["message"]["messageId"] == id)
            #expect(edited["message"]["rev"] == 2)
        }
    }

    private static func reading(_ message: JSONValue, by reader: Wire, of person: Person, seenBy others: [Wire]) async throws {
        let frame: JSONValue = ["type": "READ", "conversationId": message["conversationId"], "seq": message["seq"]]
        try await reader.ask(frame, answeredBy: "ACK")
        for wire in others {
            // Who sends has read as well, and their other connections may be told so.
            let receipt = try await wire.frame("READ_RECEIPT") { $0["userId"].string == person.id }
            #expect(receipt["seq"] == message["seq"])
        }
    }

    private static func typing(in conversation: JSONValue, by typist: Wire, of person: Person, seenBy others: [Wire]) async throws {
        for isTyping in [true, false] {
            try typist.send(["type": "TYPING", "conversationId": conversation, "isTyping": .bool(isTyping)])
            for wire in others {
                try await wire.frame("TYPING") { $0["userId"].string == person.id && $0["isTyping"] == .bool(isTyping) }
            }
        }
    }

    private static func deletion(of message: JSONValue) -> JSONValue {
        ["type": "MESSAGE_DELETE", "conversationId": message["conversationId"], "messageId": message["messageId"]]
    }
}
