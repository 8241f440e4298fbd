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

        @Test(
            "HEAD is answered as GET is, refusals and unknown paths too, and without a body",
            arguments: [
                ("/livez", 200), ("/readyz", 200), ("/metrics", 200), ("/", 200), ("/openapi.json", 200), ("/api/me", 401),
                ("/api/admin/users", 401), ("/nowhere", 404), ("/api/auth/login", 404),
            ]
        )
        func head(path: String, status: Int) async throws {
            let base = try RunningCluster.current.urlA
            let request = "HEAD \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = try await RawExchange.answer(to: request, at: base)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.hasSuffix("\r\n\r\n"))
            #expect(answer.ranges(of: "\r\n\r\n").count == 1)
            #expect(answer.firstMatch(of: /(?i)\r\ncontent-length: [1-9]/) != nil)
        }

        @Test("A request for /ws that is no upgrade is told so")
        func noUpgrade() async throws {
            let answer = try await RunningCluster.current.visitor.raw(.GET, "/ws")
            #expect(answer.status == 426)
            #expect(answer.headers.first(name: "Upgrade") == "websocket")
        }
    }
}
