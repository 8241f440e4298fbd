import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("Who comes back misses nothing and gets nothing twice", .inTurn, .timeLimit(.minutes(3)))
struct ResumeTests {
    private let environment = ["RATE_LIMIT": "0"]

    @Test("A client that changes the instance is brought what it missed, then what is new", arguments: ClusterStore.allCases)
    func otherInstance(store: ClusterStore) async throws {
        try await store.withCluster(environment) { cluster in
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let channel = try await ada.channel()
            let direct = try ada.conversation(with: bob)
            let onA = try await Wire.welcomed(ada, at: cluster.urlA)
            let first = try await Wire.welcomed(bob, at: cluster.urlA)
            for wire in [onA, first] { try await wire.join(channel) }
            let stamp = try await first.frame("WELCOME")["stamp"]
            let edited = try await onA.post("had 1", in: channel)
            try await onA.post("had 2", in: channel)
            try await first.message("had 2")
            first.connection.disconnect()
            try await onA.post("missed 3", in: channel)
            try await onA.post("missed dm 1", to: bob)
            try await onA.ask(
                ["type": "MESSAGE_EDIT", "conversationId": .string(channel), "messageId": edited["messageId"], "content": "edited"],
                answeredBy: "ACK"
            )
            let back = try await Wire.welcomed(bob, at: cluster.urlB, resumes: true)
            #expect(try await back.frame("WELCOME")["stamp"] == .null)
            try await onA.post("while held 4", in: channel)
            let synced = try await back.ask(
                ["type": "SYNC", "cursors": [channel: 2], "stamp": stamp],
                answeredBy: "SYNCED"
            )
            #expect(synced["complete"] == true)
            #expect(synced["cursors"][direct] == 1)
            #expect(synced["stamp"].string != nil)
            try await onA.post("live 5", in: channel)
            try await onA.post("live dm 2", to: bob)
            try await back.message("live 5")
            try await back.message("live dm 2")
            #expect(back.seqs(in: channel) == [3, 4, 5])
            #expect(back.seqs(in: direct) == [1, 2])
            // What had been had before, and has changed.
            let update = try await back.frame("MESSAGE_UPDATE")
            #expect(update["message"]["content"] == "edited")
            #expect(update["message"]["seq"] == 1)
            for wire in [onA, back] { wire.connection.disconnect() }
        }
    }

    @Test("Reconnecting here and there while messages come loses none of them", arguments: ClusterStore.allCases)
    func hopping(store: ClusterStore) async throws {
        try await store.withCluster(environment) { cluster in
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let channel = try await ada.channel()
            let onA = try await Wire.welcomed(ada, at: cluster.urlA)
            var wire = try await Wire.welcomed(bob, at: cluster.urlA)
            for wire in [onA, wire] { try await wire.join(channel) }
            let total = 400
            async let sending: Void = {
                for index in 1...total { try await onA.post("m\(index)", in: channel) }
            }()
            var seen: [Int64] = []
            var base = cluster.urlA
            while seen.count < total {
                let had = wire.seqs(in: channel).count
                try? await eventually(within: .seconds(1), "more") { wire.seqs(in: channel).count > had + 5 }
                wire.connection.disconnect()
                _ = try await wire.closed()
                seen += wire.seqs(in: channel)
                base = base == cluster.urlA ? cluster.urlB : cluster.urlA
                wire = try await Wire.welcomed(bob, at: base, resumes: true)
                try await wire.ask(["type": "SYNC", "cursors": [channel: .integer(seen.last ?? 0)]], answeredBy: "SYNCED")
            }
            try await sending
            #expect(seen == (1...Int64(total)).map(\.self))
            for wire in [onA, wire] { wire.connection.disconnect() }
        }
    }

    @Test("More than a thousand missed in one conversation: the oldest come, and what is new; the middle is left to HTTP")
    func excess() async throws {
        try await ClusterStore.sqlite.withCluster(environment) { cluster in
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let channel = try await ada.channel()
            let onA = try await Wire.welcomed(ada, at: cluster.urlA)
            try await onA.join(channel)
            for index in 1...1_300 {
                try onA.send([
                    "type": "MESSAGE_SEND", "ref": "m\(index)", "clientMessageId": "m\(index)", "channelId": .string(channel),
                    "content": "m\(index)",
                ])
                // Up to 256 may wait for their answer.
                if index.isMultiple(of: 100) { try await onA.frame("ACK") { $0["ref"] == "m\(index)" } }
            }
            let onB = try await Wire.welcomed(bob, at: cluster.urlB)
            try await onB.join(channel)
            onB.connection.disconnect()
            let back = try await Wire.welcomed(bob, at: cluster.urlB, resumes: true)
            let synced = try await back.ask(["type": "SYNC", "cursors": [channel: 0]], answeredBy: "SYNCED")
            #expect(synced["complete"] == false)
            let last = try #require(synced["cursors"][channel].integer)
            #expect(back.seqs(in: channel) == (1...last).map(\.self))
            #expect((1_000..<1_300).contains(last))
            try await onA.post("new", in: channel)
            try await back.message("new")
            #expect(back.seqs(in: channel) == (1...last).map(\.self) + [1_301])
            let path = "/api/conversations/\(channel)/messages?limit=200&after=\(last)"
            let page = try await bob.api.at(cluster.urlB).call(.GET, path).json["messages"].array
            #expect(page.first?["seq"].integer == last + 1)
            for wire in [onA, back] { wire.connection.disconnect() }
        }
    }

    @Test("A SYNC in parts of which one is malformed brings nothing, and can be begun again")
    func malformedPart() async throws {
        try await ClusterStore.sqlite.withCluster(environment) { cluster in
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let channel = try await ada.channel()
            let onA = try await Wire.welcomed(ada, at: cluster.urlA)
            let first = try await Wire.welcomed(bob, at: cluster.urlA)
            for wire in [onA, first] { try await wire.join(channel) }
            let stamp = try await first.frame("WELCOME")["stamp"]
            first.connection.disconnect()
            try await onA.post("missed", in: channel)
            try await onA.post("missed too", to: bob)
            let back = try await Wire.welcomed(bob, at: cluster.urlB, resumes: true)
            try back.send(["type": "SYNC", "ref": "a", "cursors": [channel: 0], "more": true])
            try back.send(["type": "SYNC", "ref": "b", "cursors": ["bad": 1], "more": true])
            try back.send(["type": "SYNC", "ref": "c", "cursors": [:]])
            for ref in ["b", "c"] { try await back.frame("ERROR") { $0["ref"] == .string(ref) && $0["code"] == "BAD_REQUEST" } }
            try await back.ping()
            #expect(back.frames("SYNCED").isEmpty)
            // The stamp in the first part alone.
            try back.send(["type": "SYNC", "cursors": [channel: 0], "stamp": stamp, "more": true])
            try await back.ask(["type": "SYNC", "cursors": [:]], answeredBy: "SYNCED")
            #expect(back.seqs(in: channel) == [1])
            #expect(back.seqs(in: try ada.conversation(with: bob)) == [1])
            for wire in [onA, back] { wire.connection.disconnect() }
        }
    }

    @Test("resume=1 without a SYNC is closed after its time, and nothing is delivered before")
    func noSync() async throws {
        try await ClusterStore.sqlite.withCluster(environment) { cluster in
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let onA = try await Wire.welcomed(ada, at: cluster.urlA)
            let held = try await Wire.welcomed(bob, at: cluster.urlB, resumes: true)
            try await onA.post("held back", to: bob)
            let close = try await held.closed()
            #expect(close.code == 1008)
            #expect(close.reason == "SYNC_EXPECTED")
            #expect(held.frames("MESSAGE_RECEIVE").isEmpty)
            onA.connection.disconnect()
        }
    }
}
