import Glibc
import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("An instance that is killed takes nothing with it", .inTurn, .timeLimit(.minutes(2)))
struct CrashTests {
    @Test("What was acknowledged is there once, and what is sent again is there once", arguments: ClusterStore.allCases)
    func killed(store: ClusterStore) async throws {
        try await store.withCluster(["RATE_LIMIT": "0", "LOG_LEVEL": "info"], killed)
    }

    private func killed(_ cluster: SpawnedCluster) async throws {
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let sender = try await Wire.connect(to: cluster.urlA, token: ada.token)
        try await sender.frame("WELCOME")
        let onB = try await Wire.connect(to: cluster.urlB, token: bob.token)
        try await onB.frame("WELCOME")
        for index in 1...250 { try sender.post("message \(index)", id: "m\(index)", to: bob.id) }
        try await sender.frame("ACK")
        cluster.a.kill(SIGKILL)
        #expect(try await cluster.a.waitForExit() == .signalled(SIGKILL))
        _ = try await sender.closed()
        let acknowledged = Dictionary(
            sender.frames("ACK").compactMap { frame in frame["ref"].string.map { ($0, frame["message"]["messageId"]) } },
            uniquingKeysWith: { first, _ in first }
        )
        #expect(!acknowledged.isEmpty)

        try onB.post("meanwhile", id: "meanwhile", to: bob.id)
        try await onB.frame("ACK")
        #expect(try await cluster.visitor.at(cluster.urlB).call(.GET, "/readyz").status == 200)
        onB.connection.disconnect()

        let again = try await SoloServer.start(
            [
                "REDIS_URL": cluster.redis.url, "DB_URI": cluster.databaseURI, "INSTANCE_ID": "A", "RATE_LIMIT": "0", "DRAIN_SECONDS": "1",
            ],
            directory: cluster.directory
        )
        let before = try await ada.history(with: bob, at: again.url)
        for (key, id) in acknowledged {
            #expect(before.filter { $0["clientMessageId"].string == key }.map { $0["messageId"] } == [id], "\(key)")
        }
        let retry = try await Wire.connect(to: again.url, token: ada.token)
        try await retry.frame("WELCOME")
        for index in 1...250 where acknowledged["m\(index)"] == nil {
            try retry.post("message \(index)", id: "m\(index)", to: bob.id)
        }
        let missing = 250 - acknowledged.count
        try await eventually(within: .seconds(30), "every answer") { retry.frames("ACK").count == missing }
        let after = try await ada.history(with: bob, at: cluster.urlB)
        #expect(after.compactMap { $0["seq"].integer } == Array(1...250))
        #expect(Set(after.compactMap { $0["clientMessageId"].string }) == Set((1...250).map { "m\($0)" }))
        #expect(after.prefix(before.count).elementsEqual(before))
        retry.connection.disconnect()
        again.process.terminate()
        #expect(try await again.process.waitForExit() == .exited(0))
    }
}
