import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("Messages cross from one instance to the other", .inTurn, .timeLimit(.minutes(2)))
struct DeliveryTests {
    private let environment = ["RATE_LIMIT": "0", "LOG_LEVEL": "info"]

    @Test("200 of them, all in their order, each once", arguments: ClusterStore.allCases)
    func order(store: ClusterStore) async throws {
        try await store.withCluster(environment, order)
    }

    private func order(_ cluster: SpawnedCluster) async throws {
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let sender = try await Wire.connect(to: cluster.urlA, token: ada.token)
        let secondOfSender = try await Wire.connect(to: cluster.urlB, token: ada.token)
        let receiver = try await Wire.connect(to: cluster.urlB, token: bob.token)
        for wire in [sender, secondOfSender, receiver] { try await wire.frame("WELCOME") }
        for index in 1...200 { try sender.post("message \(index)", id: "m\(index)", to: bob.id) }
        try await sender.frame("ACK") { $0["ref"] == "m200" }
        #expect(sender.frames("ACK").compactMap { $0["message"]["seq"].integer } == Array(1...200))
        for wire in [secondOfSender, receiver] {
            try await wire.frame("MESSAGE_RECEIVE") { $0["message"]["seq"] == 200 }
            let messages = wire.frames("MESSAGE_RECEIVE").map { $0["message"] }
            #expect(messages.compactMap { $0["seq"].integer } == Array(1...200))
            #expect(messages.compactMap { $0["content"].string } == (1...200).map { "message \($0)" })
        }
        #expect(sender.frames("MESSAGE_RECEIVE").isEmpty)
        #expect(receiver.frames("MESSAGE_RECEIVE").allSatisfy { $0["message"]["clientMessageId"] == .null })
        for wire in [sender, secondOfSender, receiver] { wire.connection.disconnect() }
    }

    @Test("Two who write to each other at the same time get all of it, numbered without a hole", arguments: ClusterStore.allCases)
    func crossfire(store: ClusterStore) async throws {
        try await store.withCluster(environment, crossfire)
    }

    private func crossfire(_ cluster: SpawnedCluster) async throws {
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let onA = try await Wire.connect(to: cluster.urlA, token: ada.token)
        let onB = try await Wire.connect(to: cluster.urlB, token: bob.token)
        for wire in [onA, onB] { try await wire.frame("WELCOME") }
        for index in 1...100 {
            try onA.post("from ada \(index)", id: "m\(index)", to: bob.id)
            try onB.post("from bob \(index)", id: "m\(index)", to: ada.id)
        }
        for wire in [onA, onB] {
            try await eventually(within: .seconds(30), "100 answers and 100 messages") {
                wire.frames("ACK").count == 100 && wire.frames("MESSAGE_RECEIVE").count == 100
            }
            let sequence = (wire.frames("ACK") + wire.frames("MESSAGE_RECEIVE")).compactMap { $0["message"]["seq"].integer }
            #expect(sequence.sorted() == Array(1...200))
            wire.connection.disconnect()
        }
        let path = "/api/conversations/\(try ada.conversation(with: bob))/messages?limit=200"
        let stored = try await ada.api.call(.GET, path).json["messages"].array
        #expect(stored.compactMap { $0["seq"].integer } == Array(1...200))
        for person in [ada, bob] {
            let own = stored.filter { $0["senderId"].string == person.id }.compactMap { $0["content"].string }
            #expect(own.count == 100 && own == own.sorted { number($0) < number($1) })
        }
    }

    private func number(_ content: String) -> Int {
        content.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }
}
