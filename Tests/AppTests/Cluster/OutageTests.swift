import LocalCluster
import NIOHTTP1
import Testing

@testable import App

@Suite("Without Redis the store still tells the instances what counts", .inTurn, .timeLimit(.minutes(2)))
struct OutageTests {
    @Test(
        "A ban reaches the other instance's HTTP within the two seconds that it may remember, and log-in at once",
        arguments: ClusterStore.allCases
    )
    func banWithoutRedis(store: ClusterStore) async throws {
        try await store.withCluster([:], banWithoutRedis)
    }

    @Test("Wrong passwords are counted by each instance, as before by both together")
    func guessesWithoutRedis() async throws {
        try await ClusterStore.sqlite.withCluster([:]) { cluster in
            let person = try await cluster.visitor.person()
            let wrong: JSONValue = ["username": .string(person.account.username), "password": "wrong horse"]
            let atB = cluster.visitor.at(cluster.urlB)
            for _ in 0..<3 { #expect(try await cluster.visitor.call(.POST, "/api/auth/login", wrong).status == 401) }
            await cluster.redis.kill()
            for process in [cluster.a, cluster.b] { try await process.waitForLog(containing: "bus_lost") }
            for _ in 0..<7 { #expect(try await cluster.visitor.call(.POST, "/api/auth/login", wrong).status == 401) }
            #expect(try await cluster.visitor.call(.POST, "/api/auth/login", wrong).status == 429)
            #expect(try await atB.call(.POST, "/api/auth/login", wrong).status == 401)
        }
    }

    private func banWithoutRedis(_ cluster: SpawnedCluster) async throws {
        let admin = try await cluster.admin()
        let person = try await cluster.visitor.person()
        let onB = person.api.at(cluster.urlB)
        await cluster.redis.kill()
        try await cluster.a.waitForLog(containing: "bus_lost")
        try await cluster.b.waitForLog(containing: "bus_lost")
        #expect(try await onB.call(.GET, "/api/me").status == 200)
        #expect(try await admin.call(.POST, "/api/admin/users/\(person.id)/ban").status == 200)
        #expect(try await person.api.call(.GET, "/api/me").status == 403)
        let logIn: JSONValue = ["username": .string(person.account.username), "password": .string(Person.password)]
        #expect(try await onB.call(.POST, "/api/auth/login", logIn).status == 403)
        #expect(try await Wire.refusal(at: cluster.urlA, token: person.token).status == 403)
        try await eventually(within: .seconds(3), "the other instance's refusal") {
            try await onB.call(.GET, "/api/me").status == 403
        }
        #expect(try await Wire.refusal(at: cluster.urlB, token: person.token).status == 403)
        for base in [cluster.urlA, cluster.urlB] {
            let ready = try await cluster.visitor.at(base).call(.GET, "/readyz")
            #expect(ready.status == 200)
            #expect(ready.json["checks"]["bus"] == "reconnecting")
        }
    }
}
