import LocalCluster
import NIOHTTP1
import Testing

@testable import App

@Suite("An order is carried out and answered whatever Redis does", .cluster(), .timeLimit(.minutes(2)))
struct HungRedisTests {
    @Test("With a Redis that hangs, bans and revocations are answered at once")
    func hung() async throws {
        let cluster = try RunningCluster.current
        let admin = try await cluster.admin()
        let (ada, bob) = (try await cluster.visitor.person(), try await cluster.visitor.person())
        let wires = [
            try await Wire.connect(to: cluster.urlA, token: ada.token), try await Wire.connect(to: cluster.urlA, token: bob.token),
        ]
        for wire in wires { try await wire.frame("WELCOME") }
        // Where Redis answers, it is told where else they are.
        let elsewhere = try await Wire.connect(to: cluster.urlB, token: bob.token)
        try await elsewhere.frame("WELCOME")
        cluster.redis.pause()
        defer { cluster.redis.resume() }
        for path in ["\(ada.id)/ban", "\(bob.id)/revoke-sessions"] {
            let start = ContinuousClock.now
            let answer = try await admin.call(.POST, "/api/admin/users/\(path)")
            #expect(answer.status == 200)
            #expect(answer.json["closedHere"] == 1)
            // A question to Redis fails after seconds.
            #expect(ContinuousClock.now - start < .seconds(2))
        }
    }
}
