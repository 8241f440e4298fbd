import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("An instance says how it is, and what it doesn't know")
    struct Health {
        @Test("It lives and is ready")
        func ready() async throws {
            let cluster = try RunningCluster.current
            for base in [cluster.urlA, cluster.urlB] {
                let visitor = cluster.visitor.at(base)
                #expect(try await visitor.call(.GET, "/livez").status == 200)
                let answer = try await visitor.call(.GET, "/readyz")
                #expect(answer.status == 200)
                #expect(answer.json == ["status": "ok", "checks": ["store": "ok", "bus": "ok", "delivery": "ok"]])
            }
        }

        @Test(
            "Paths and methods that it doesn't have are 404 in JSON",
            arguments: [
                (HTTPMethod.GET, "/nowhere"), (.GET, "/api"), (.GET, "/api/nowhere"), (.POST, "/livez"), (.PUT, "/api/me"),
                (.GET, "/api/auth/login"), (.DELETE, "/api/messages"), (.GET, "/.env"), (.GET, "/..%2f..%2fetc/passwd"),
            ]
        )
        func unknown(method: HTTPMethod, path: String) async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await person.api.raw(method, path)
            #expect(answer.status == 404)
            #expect(answer.code == "NOT_FOUND")
            #expect(answer.headers.first(name: "Content-Type") == "application/json; charset=utf-8")
        }

        @Test("A request for /ws that is no upgrade is told so")
        func noUpgrade() async throws {
            let answer = try await RunningCluster.current.visitor.raw(.GET, "/ws")
            #expect(answer.status == 426)
            #expect(answer.headers.first(name: "Upgrade") == "websocket")
        }
    }
}
