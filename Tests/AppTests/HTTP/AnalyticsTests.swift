import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

extension HTTPTests {
    @Suite("Admins see how much happens")
    struct Analytics {
        @Test("Nobody else does, and a window is one of four")
        func refused() async throws {
            let cluster = try RunningCluster.current
            #expect(try await cluster.visitor.call(.GET, "/api/admin/analytics").status == 401)
            #expect(try await cluster.visitor.person().api.call(.GET, "/api/admin/analytics").status == 403)
            let admin = try await cluster.admin()
            for window in ["1d", "24H", "-1", "9999999999h"] {
                let answer = try await admin.call(.GET, "/api/admin/analytics?window=\(window)")
                #expect(answer.status == 400)
                #expect(answer.code == "BAD_REQUEST")
            }
        }

        @Test("A window has all its points", arguments: [("1h", 60, 1), ("24h", 144, 10), ("7d", 168, 60), ("30d", 720, 60)])
        func points(window: String, count: Int, minutes: Int64) async throws {
            let answer = try await RunningCluster.current.admin().call(.GET, "/api/admin/analytics?window=\(window)")
            #expect(answer.status == 200)
            #expect(answer.json["window"].string == window)
            #expect(answer.json["bucketMinutes"].integer == minutes)
            #expect(answer.json["series"].array.count == count)
            #expect(answer.json["activityByHour"].array.compactMap { $0["hour"].integer } == Array(0..<24))
            #expect(answer.json["socketsPerUser"].array.compactMap { $0["sockets"].integer } == [1, 2, 3, 4])
            #expect(answer.json["sessionLengths"].array.compactMap { $0["upToSeconds"].integer } == [60, 600, 3_600, 28_800])
        }

        @Test("A message and a connection are counted within seconds")
        func counted() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let (ada, bob) = (try await cluster.visitor.person(), try await cluster.visitor.person())
            let before = try await messages(admin)
            let wire = try await Wire.connect(to: cluster.urlA, token: ada.account.token)
            try await wire.frame("WELCOME")
            try wire.post("counted", id: "counted", to: bob.id)
            try wire.post("counted", id: "counted", to: bob.id)
            try await eventually(within: .seconds(20), "a message more") { try await messages(admin) > before }
            let answer = try await admin.call(.GET, "/api/admin/analytics?window=1h")
            #expect(answer.json["series"].array.contains { ($0["connections"].integer ?? 0) >= 1 })
            wire.connection.disconnect()
        }

        private func messages(_ admin: APIClient) async throws -> Int64 {
            let answer = try await admin.call(.GET, "/api/admin/analytics?window=1h")
            return answer.json["series"].array.reduce(0) { $0 + ($1["messages"].integer ?? 0) }
        }
    }
}

@Suite("A clean stop loses nothing of what was counted", .inTurn, .timeLimit(.minutes(1)))
struct AnalyticsAtStopTests {
    @Test("The next life has the last minute's messages, and the lengths of the connections that the stop ended")
    func stopped() async throws {
        let directory = try TemporaryDirectory()
        let password = SystemRandomNumberGenerator.hexadecimal(bytes: 12)
        let environment = ["ADMIN_USERNAME": "root", "ADMIN_PASSWORD": password, "DRAIN_SECONDS": "1"]
        let first = try await SoloServer.start(environment, directory: directory)
        let (ada, bob) = (try await first.visitor.person(), try await first.visitor.person())
        let wire = try await Wire.welcomed(ada, at: first.url)
        #expect(try await ada.send("counted", to: bob).status == 201)
        first.process.terminate()
        _ = try await first.process.waitForExit()
        wire.connection.disconnect()
        let second = try await SoloServer.start(environment, directory: directory)
        let token = try await second.visitor.logIn("root", password: password).token
        let answer = try await second.visitor.with(token: token).call(.GET, "/api/admin/analytics?window=1h").json
        #expect(answer["series"].array.reduce(0) { $0 + ($1["messages"].integer ?? 0) } == 1)
        #expect(answer["sessionLengths"].array.first?["connections"].integer == 1)
        second.process.terminate()
        _ = try await second.process.waitForExit()
    }
}
