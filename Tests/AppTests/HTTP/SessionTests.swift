import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

extension HTTPTests {
    @Suite("Sessions are listed and ended by whom they belong to")
    struct Sessions {
        @Test("A log-out ends the session and its sockets on both instances, and leaves the others")
        func logOut() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            let other = try await cluster.visitor.logIn(person.account.username, password: Person.password)
            let onB = person.api.at(cluster.urlB)
            #expect(try await onB.call(.GET, "/api/me").status == 200)
            let live = try await LiveClient.connect(to: cluster.urlB, token: person.token)
            let kept = try await Wire.connect(to: cluster.urlB, token: other.token)
            try await kept.frame("WELCOME")
            let answer = try await person.api.raw(.POST, "/api/auth/logout")
            #expect(answer.status == 204)
            let cookie = try #require(answer.headers.first(name: "Set-Cookie"))
            #expect(cookie.hasPrefix("token=;") && cookie.contains("Max-Age=0"))
            #expect(try await person.api.call(.GET, "/api/me").status == 401)
            let close = try await live.closed()
            #expect(close.code == 1000)
            #expect(close.reason == "Session revoked")
            #expect(try await onB.call(.GET, "/api/me").status == 401)
            #expect(try await Wire.refusal(at: cluster.urlB, token: person.token).status == 401)
            try await kept.ping()
            kept.connection.disconnect()
        }

        @Test("The list shows each session once, which of them asks, and where one is connected")
        func list() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            let other = try await cluster.visitor.logIn(person.account.username, password: Person.password)
            let live = try await LiveClient.connect(to: cluster.urlA, token: other.token)
            let answer = try await person.api.raw(.GET, "/api/me/sessions", headers: [("X-Forwarded-For", "198.51.100.77")])
            #expect(answer.status == 200)
            let sessions = answer.json["sessions"].array
            #expect(Set(sessions.compactMap { $0["sessionId"].string }) == [person.account.sessionID, other.sessionID])
            for session in sessions {
                let isOwn = session["sessionId"].string == person.account.sessionID
                #expect(session["current"] == .bool(isOwn))
                #expect(session["connectedTo"] == (isOwn ? .null : "A"))
                #expect(session.fields.isSuperset(of: ["sessionId", "createdAt", "lastSeen", "expiresAt", "address"]))
            }
            live.disconnect()
        }

        @Test("One ends one's own session from another")
        func deleteOwn() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            let other = try await cluster.visitor.logIn(person.account.username, password: Person.password)
            #expect(try await person.api.call(.DELETE, "/api/me/sessions/\(other.sessionID)").status == 204)
            #expect(try await cluster.visitor.with(token: other.token).call(.GET, "/api/me").status == 401)
            #expect(try await person.api.call(.GET, "/api/me").status == 200)
            #expect(try await person.api.call(.GET, "/api/me/sessions").json["sessions"].array.count == 1)
        }

        @Test("Nobody ends somebody else's session, or one that isn't there")
        func deleteForeign() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            for id in [bob.account.sessionID, bob.id] {
                let answer = try await ada.api.call(.DELETE, "/api/me/sessions/\(id)")
                #expect(answer.status == 404)
                #expect(answer.code == "NOT_FOUND")
            }
            for id in ["x", ada.account.sessionID.uppercased(), "%27%20OR%201=1", "..%2F..%2Fadmin"] {
                #expect(try await ada.api.call(.DELETE, "/api/me/sessions/\(id)").status == 400, "\(id)")
            }
            #expect(try await bob.api.call(.GET, "/api/me").status == 200)
        }
    }
}
