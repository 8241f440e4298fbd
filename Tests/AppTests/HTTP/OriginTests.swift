import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

extension HTTPTests {
    @Suite("Pages of other origins get in only where they are allowed")
    struct Origins {
        @Test(
            "What changes something with the cookie is refused to a page of another origin",
            arguments: [
                "https://evil.example", "http://chat.example", "https://chat.example:8443", "https://chat.example.evil.example", "null", "",
                "file://",
            ]
        )
        func refused(origin: String) async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            let headers = [("Cookie", "token=\(person.token)"), ("Origin", origin)]
            let avatar = try await cluster.visitor.raw(.PATCH, "/api/me", headers: headers, body: #"{"avatar":"https://evil.example/a"}"#)
            #expect(avatar.status == 403)
            #expect(avatar.code == "FORBIDDEN")
            #expect(try await cluster.visitor.raw(.POST, "/api/auth/logout", headers: headers).status == 403)
            let session = "/api/me/sessions/\(person.account.sessionID)"
            #expect(try await cluster.visitor.raw(.DELETE, session, headers: headers).status == 403)
            let me = try await person.api.call(.GET, "/api/me")
            #expect(me.status == 200)
            #expect(me.json["user"]["avatar"] == .null)
            let upgrade = try await Wire.refusal(at: cluster.urlA, headers: headers)
            #expect(upgrade.status == 403)
            #expect(upgrade.code == "FORBIDDEN")
        }

        @Test("A page of another origin whose request brings other cookies alone has what its token gives it")
        func otherCookies() async throws {
            let visitor = try RunningCluster.current.visitor
            let person = try await visitor.person()
            let headers = [("Cookie", "theme=dark; tokens=1; my-token=2"), ("Origin", "https://evil.example")]
            #expect(try await visitor.raw(.PATCH, "/api/me", headers: headers, body: "{}").status == 401)
            let answer = try await person.api.raw(.PATCH, "/api/me", headers: headers, body: "{}")
            #expect(answer.status == 200)
            #expect(answer.headers["Access-Control-Allow-Origin"].isEmpty)
            let both = [("Cookie", "theme=dark; token=\(person.token)"), ("Origin", "https://evil.example")]
            #expect(try await person.api.raw(.PATCH, "/api/me", headers: both, body: "{}").status == 403)
        }

        @Test(
            "Nobody is logged in for a page of another origin, though no cookie comes along",
            arguments: ["https://evil.example", "http://chat.example", "null", ""]
        )
        func logIn(origin: String) async throws {
            let visitor = try RunningCluster.current.visitor
            let known = try await visitor.person().account.username
            let unknown = "p" + SystemRandomNumberGenerator.hexadecimal(bytes: 5)
            // As a form of a page sends it, and as a script does.
            for type in ["text/plain", "application/json"] {
                for (path, name) in [("login", known), ("register", unknown)] {
                    let headers = [("Origin", origin), ("Content-Type", type), ("X-Forwarded-For", "198.51.100.20")]
                    let answer = try await visitor.raw(.POST, "/api/auth/\(path)", headers: headers, body: credentials(name))
                    #expect(answer.status == 403, "\(path)")
                    #expect(answer.code == "FORBIDDEN")
                    #expect(answer.headers["Set-Cookie"].isEmpty)
                }
            }
            let nobody = try await visitor.raw(
                .POST,
                "/api/auth/login",
                headers: [("X-Forwarded-For", "198.51.100.20")],
                body: credentials(unknown)
            )
            #expect(nobody.status == 401)
        }

        @Test("The own page, an allowed one and a program without an origin log in")
        func allowedLogIn() async throws {
            let cluster = try RunningCluster.current
            let name = try await cluster.visitor.person().account.username
            for origin in [cluster.urlA, "https://chat.example", nil] {
                let headers = origin.map { [("Origin", $0)] } ?? []
                let answer = try await cluster.visitor.raw(.POST, "/api/auth/login", headers: headers, body: credentials(name))
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: "Access-Control-Allow-Origin") == origin)
                #expect(!answer.headers["Set-Cookie"].isEmpty)
            }
        }

        private func credentials(_ name: String) -> String {
            #"{"username":"\#(name)","password":"\#(Person.password)"}"#
        }

        @Test("The instance's own origin, an allowed one and no origin may")
        func allowed() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            for origin in [cluster.urlA, "https://chat.example", nil] {
                let headers = [("Cookie", "token=\(person.token)")] + (origin.map { [("Origin", $0)] } ?? [])
                let answer = try await cluster.visitor.raw(.PATCH, "/api/me", headers: headers, body: "{}")
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: "Access-Control-Allow-Origin") == origin)
                let wire = try await Wire.connect(to: cluster.urlA, headers: headers)
                try await wire.frame("WELCOME")
                wire.connection.disconnect()
            }
        }

        @Test("Behind a trusted proxy the own origin is the one that the browser sees")
        func behindAProxy() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            let headers = [
                ("Cookie", "token=\(person.token)"), ("Origin", "https://public.example"), ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Host", "public.example"),
            ]
            #expect(try await cluster.visitor.raw(.PATCH, "/api/me", headers: headers, body: "{}").status == 200)
        }

        @Test("A preflight of an allowed origin says what is allowed; another one learns nothing")
        func preflight() async throws {
            let visitor = try RunningCluster.current.visitor
            let ask = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type")]
            let answer = try await visitor.raw(.OPTIONS, "/api/messages", headers: ask + [("Origin", "https://chat.example")])
            #expect(answer.status == 204)
            #expect(answer.headers.first(name: "Access-Control-Allow-Origin") == "https://chat.example")
            #expect(answer.headers.first(name: "Access-Control-Allow-Credentials") == "true")
            #expect(answer.headers.first(name: "Access-Control-Allow-Methods") == "GET, POST, PATCH, DELETE")
            #expect(answer.headers.first(name: "Access-Control-Allow-Headers") == "Authorization, Content-Type")
            #expect(answer.headers.first(name: "Vary") == "Origin")
            let other = try await visitor.raw(.OPTIONS, "/api/messages", headers: ask + [("Origin", "https://evil.example")])
            #expect(other.status == 403)
            #expect(other.headers["Access-Control-Allow-Origin"].isEmpty)
        }

        @Test("Refusals too can be read by a page of an allowed origin, and by no other")
        func refusalsAreReadable() async throws {
            let visitor = try RunningCluster.current.visitor
            let allowed = try await visitor.raw(.GET, "/api/me", headers: [("Origin", "https://chat.example")])
            #expect(allowed.status == 401)
            #expect(allowed.headers.first(name: "WWW-Authenticate") == "Bearer")
            #expect(allowed.headers.first(name: "Access-Control-Allow-Origin") == "https://chat.example")
            let other = try await visitor.raw(.GET, "/api/me", headers: [("Origin", "https://evil.example")])
            #expect(other.status == 401)
            #expect(other.headers["Access-Control-Allow-Origin"].isEmpty)
        }
    }
}
