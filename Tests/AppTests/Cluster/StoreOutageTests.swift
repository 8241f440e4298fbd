import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("MongoDB killed under two instances takes nothing that was acknowledged with it", .inTurn, .timeLimit(.minutes(3)))
struct StoreOutageTests {
    @Test("They say so, keep their sockets, refuse sends meanwhile, and go on by themselves")
    func killed() async throws {
        let mongo = try await MongoServer.start(ownOnly: true, survivesKill: true)
        let cluster = try await SpawnedCluster.start(environment: ["RATE_LIMIT": "0", "LOG_LEVEL": "info"], mongoURI: mongo.uri)
        try await doing {
            try await check(mongo, cluster)
        } finally: {
            await cluster.stop()
            await mongo.stop()
        }
    }

    private func check(_ mongo: MongoServer, _ cluster: SpawnedCluster) async throws {
        let (ada, bob, eve) = (try await cluster.visitor.person(), try await cluster.visitor.person(), try await cluster.visitor.person())
        let receivers = [
            try await Wire.connect(to: cluster.urlA, token: bob.token), try await Wire.connect(to: cluster.urlB, token: bob.token),
        ]
        let senders = [
            PersistentSender("ada ", over: try await Wire.connect(to: cluster.urlA, token: ada.token), to: bob),
            PersistentSender("eve ", over: try await Wire.connect(to: cluster.urlB, token: eve.token), to: bob),
        ]
        for wire in receivers + senders.map(\.wire) { try await wire.frame("WELCOME") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in senders { group.addTask { try await sender.run() } }
            do {
                try await outage(mongo, cluster, senders)
            } catch {
                group.cancelAll()
                throw error
            }
            for sender in senders { sender.stop() }
            try await group.waitForAll()
        }
        for (person, sender) in zip([ada, eve], senders) {
            let acknowledged = sender.acknowledged
            #expect(acknowledged.compactMap { $0["content"].string } == (1...acknowledged.count).map { sender.content($0) })
            #expect(acknowledged.compactMap { $0["seq"].integer } == Array(1...Int64(acknowledged.count)))
            #expect(Set(sender.refusals) == ["STORE_UNAVAILABLE"])
            for base in [cluster.urlA, cluster.urlB] {
                let history = try await person.history(with: bob, at: base)
                #expect(history.map { $0["messageId"] } == acknowledged.map { $0["messageId"] })
            }
            for receiver in receivers {
                try await receiver.frame("MESSAGE_RECEIVE") { $0["message"]["messageId"] == acknowledged.last?["messageId"] }
                let received = receiver.frames("MESSAGE_RECEIVE").map { $0["message"] }.filter { $0["senderId"].string == person.id }
                #expect(received.map { $0["messageId"] } == acknowledged.map { $0["messageId"] })
            }
        }
        for wire in receivers + senders.map(\.wire) {
            try await wire.ping()
            wire.connection.disconnect()
        }
        for instance in [cluster.a, cluster.b] {
            for event in ["store_unavailable", "store_restored"] {
                #expect(instance.log.count { $0.contains(event) } == 1, "\(event)")
            }
        }
    }

    /// Kills the server while the senders send, and starts it again with the same data on the same port.
    private func outage(_ mongo: MongoServer, _ cluster: SpawnedCluster, _ senders: [PersistentSender]) async throws {
        try await eventually(within: .seconds(30), "20 answers for each") { senders.allSatisfy { $0.acknowledged.count >= 20 } }
        try await expectReadiness(200, "ok", of: cluster)
        await mongo.kill()
        for instance in [cluster.a, cluster.b] { try await instance.waitForLog(containing: "store_unavailable") }
        try await expectReadiness(503, "unavailable", of: cluster)
        try await eventually(within: .seconds(30), "a refusal for each") { senders.allSatisfy { !$0.refusals.isEmpty } }
        let before = senders.map(\.acknowledged.count)
        try await mongo.restart()
        for instance in [cluster.a, cluster.b] { try await instance.waitForLog(containing: "store_restored") }
        try await expectReadiness(200, "ok", of: cluster)
        try await eventually(within: .seconds(30), "20 more answers for each") {
            zip(senders, before).allSatisfy { $0.acknowledged.count >= $1 + 20 }
        }
    }

    private func expectReadiness(_ status: Int, _ word: JSONValue, of cluster: SpawnedCluster) async throws {
        for base in [cluster.urlA, cluster.urlB] {
            let answer = try await cluster.visitor.at(base).call(.GET, "/readyz")
            #expect(answer.status == status)
            #expect(answer.json["checks"]["store"] == word)
            #expect(try await cluster.visitor.at(base).call(.GET, "/livez").status == 200)
        }
    }
}
