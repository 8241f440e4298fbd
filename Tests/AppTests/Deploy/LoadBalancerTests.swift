import Glibc
import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("The load balancer of compose.yaml gives each client an instance that works", .inTurn, .timeLimit(.minutes(4)))
struct LoadBalancerTests {
    @Test("No session sticks to an instance: a person's connections are on both, and messages reach all of them")
    func spread() async throws {
        try await withCluster { cluster, balancer in
            let ada = try await balancer.visitor.person()
            let bob = try await balancer.visitor.person()
            var wires: [Wire] = []
            for _ in 0..<4 { wires.append(try await Wire.welcomed(ada, at: balancer.url)) }
            let instances = wires.map { $0.frames("WELCOME").first?["instanceId"].string ?? "" }
            #expect(Set(instances) == ["A", "B"])
            #expect(try await bob.send("to all of them", to: ada).status == 201)
            for wire in wires { try await wire.message("to all of them") }
        }
    }

    @Test("What it has to say itself is said as an instance would: a body too large, metrics of nobody, no instance at all")
    func refusals() async throws {
        try await withCluster { cluster, balancer in
            let person = try await balancer.visitor.person()
            let large = try await person.api.raw(
                .POST,
                "/api/messages",
                headers: [("Content-Type", "application/json")],
                body: String(repeating: " ", count: JSONBody.limit + 1)
            )
            #expect(large.status == 413)
            #expect(large.code == "CONTENT_TOO_LONG")
            #expect(try await balancer.visitor.call(.GET, "/metrics").status == 404)
            for process in [cluster.a, cluster.b] {
                process.kill(SIGKILL)
                _ = try await process.waitForExit()
            }
            let nobody = try await balancer.visitor.raw(.GET, "/readyz")
            #expect(nobody.status == 503)
            #expect(nobody.code == "STORE_UNAVAILABLE")
            #expect(nobody.headers.first(name: "Retry-After") == "1")
        }
    }

    @Test("A WebSocket on which nothing but pings comes stays open; one that is really silent is closed")
    func idle() async throws {
        let pinging = try await SoloServer.start(["HEARTBEAT_SECONDS": "1"])
        let silent = try await SoloServer.start(["HEARTBEAT_SECONDS": "3600"])
        let first = try await LoadBalancer.start(before: [try port(pinging.url)], idle: .seconds(4))
        let second = try await LoadBalancer.start(before: [try port(silent.url)], idle: .seconds(4))
        let kept = try await Wire.welcomed(try await first.visitor.person(), at: first.url)
        let somebody = try await second.visitor.person()
        for _ in 0..<2 {
            let dropped = try await Wire.welcomed(somebody, at: second.url)
            let close = try await dropped.closed()
            #expect(!close.isClean)
        }
        try await kept.ping()
    }

    @Test("An instance that stops, or is killed, costs nobody a message", arguments: [SIGTERM, SIGKILL])
    func end(signal: Int32) async throws {
        try await withCluster(["DRAIN_SECONDS": "4"]) { cluster, balancer in
            let crowd = try await Crowd.make(
                24,
                connectingTo: [balancer.port],
                registeredAt: cluster.urlB,
                every: .milliseconds(500)
            )
            let history = try await crowd.write(comparedWith: try port(cluster.urlB)) { crowd in
                try await crowd.waitForMessages(50)
                cluster.a.kill(signal)
                let exit = try await cluster.a.waitForExit(timeout: .seconds(30))
                #expect(exit == (signal == SIGTERM ? .exited(0) : .signalled(SIGKILL)))
                try await crowd.waitUntilSynced()
                try await crowd.waitForMessages(50)
            }
            let findings = HistoryChecker(history: history).check()
            #expect(findings.isEmpty, "\(findings)")
            let moved = history.clients.count { $0.connections.count { $0.welcomedAt != nil } > 1 }
            #expect((1...20).contains(moved), "\(moved) of 24 had their connection on the instance that ended")
        }
    }

    private func withCluster(
        _ environment: [String: String] = [:],
        _ body: (SpawnedCluster, LoadBalancer) async throws -> Void
    ) async throws {
        let own = ["TRUSTED_PROXIES": "127.0.0.1"].merging(environment) { _, new in new }
        let cluster = try await SpawnedCluster.start(environment: own)
        try await doing {
            let balancer = try await LoadBalancer.start(before: [try port(cluster.urlA), try port(cluster.urlB)])
            try await body(cluster, balancer)
        } finally: {
            await cluster.stop()
        }
    }

    private func port(_ url: String) throws -> Int {
        try #require(url.split(separator: ":").last.flatMap { Int($0) })
    }
}
