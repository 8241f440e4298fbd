import Actors
import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("A request is whose token it carries, and nobody's without a good one")
    struct Tokens {
        @Test("A token stands in the header or in the cookie; the header counts where both are there")
        func ways() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let visitor = try RunningCluster.current.visitor
            for headers in [
                [("Authorization", "Bearer \(person.token)")], [("Authorization", "bearer \(person.token)")],
                [("Cookie", "token=\(person.token)")], [("Cookie", "theme=dark; token=\(person.token); other=1")],
                [("Authorization", "Bearer \(person.token)"), ("Cookie", "token=old")],
            ] {
                let answer = try await visitor.raw(.GET, "/api/me", headers: headers)
                #expect(answer.status == 200)
                #expect(answer.json["user"]["userId"].string == person.id)
            }
        }

        @Test("Anything else is refused, on every route that wants a token")
        func refused() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let visitor = try RunningCluster.current.visitor
            let elsewhere = try await TokenForge.token(
                for: person.account,
                expiresIn: .seconds(60),
                secret: "another secret, which is long enough too"
            )
            for headers in [
                [], [("Authorization", "Bearer")], [("Authorization", "Bearer ")], [("Authorization", person.token)],
                [("Authorization", "Basic \(person.token)")], [("Authorization", "Bearer garbage")], [("Authorization", "Bearer a.b.c")],
                [("Authorization", "Bearer \(String(repeating: "a", count: 5_000))")],
                [("Authorization", "Bearer \(TokenForge.unsigned(person.token))")],
                [("Authorization", "Bearer \(TokenForge.altered(person.token))")], [("Authorization", "Bearer \(elsewhere)")],
                [("Authorization", "Bearer garbage"), ("Cookie", "token=\(person.token)")], [("Cookie", "token=")],
                [("Cookie", "token=garbage")], [("Cookie", "session=\(person.token)")],
            ] {
                let answer = try await visitor.raw(.GET, "/api/me", headers: headers)
                #expect(answer.status == 401, "\(headers)")
                #expect(answer.code == "UNAUTHENTICATED")
            }
        }

        @Test("A token in the query is no token")
        func query() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let cluster = try RunningCluster.current
            for name in ["token", "access_token", "jwt"] {
                #expect(try await cluster.visitor.raw(.GET, "/api/me?\(name)=\(person.token)").status == 401)
                let upgrade = try await Wire.refusal(at: cluster.urlA, path: "/ws?\(name)=\(person.token)")
                #expect(upgrade.status == 400)
                #expect(upgrade.code == "BAD_REQUEST")
            }
        }

        @Test("A token that has run out says so")
        func expired() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let cluster = try RunningCluster.current
            let token = try await TokenForge.token(for: person.account, expiresIn: .seconds(-1))
            let answer = try await cluster.visitor.with(token: token).raw(.GET, "/api/me")
            #expect(answer.status == 401)
            #expect(answer.code == "TOKEN_EXPIRED")
            let upgrade = try await Wire.refusal(at: cluster.urlA, token: token)
            #expect(upgrade.status == 401)
            #expect(upgrade.code == "TOKEN_EXPIRED")
        }

        @Test("A token of a session that never was, or of somebody else's, is refused")
        func foreignSession() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            for session in [bob.account.sessionID, ada.id] {
                let account = APIClient.Account(userID: ada.id, username: ada.account.username, sessionID: session, token: "")
                let token = try await TokenForge.token(for: account, expiresIn: .seconds(60))
                #expect(try await cluster.visitor.with(token: token).call(.GET, "/api/me").status == 401)
            }
        }

        @Test("The role is the store's, whatever the token claims")
        func claimedRole() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            let token = try await TokenForge.token(for: person.account, role: .admin, expiresIn: .seconds(60))
            let client = cluster.visitor.with(token: token)
            #expect(try await client.call(.GET, "/api/me").json["user"]["role"] == "user")
            #expect(try await client.call(.GET, "/api/admin/users").status == 403)
        }
    }
}
