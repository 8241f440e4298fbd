import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

extension HTTPTests {
    @Suite("Admins see and order; nobody else does")
    struct Admins {
        private static let routes: [(HTTPMethod, String)] = [
            (.GET, "/api/admin/users"), (.GET, "/api/admin/audit"), (.GET, "/api/admin/users/ID/sessions"),
            (.POST, "/api/admin/users/ID/ban"), (.POST, "/api/admin/users/ID/unban"), (.POST, "/api/admin/users/ID/revoke-sessions"),
            (.DELETE, "/api/admin/users/ID/sessions/SESSION"),
        ]

        @Test("Every route is closed to users and to nobody in particular, and does nothing for them")
        func closed() async throws {
            let cluster = try RunningCluster.current
            let user = try await cluster.visitor.person()
            let victim = try await cluster.visitor.person()
            for (method, template) in Self.routes {
                let path = template.replacing("ID", with: victim.id).replacing("SESSION", with: victim.account.sessionID)
                for base in [cluster.urlA, cluster.urlB] {
                    let refused = try await user.api.at(base).call(method, path)
                    #expect(refused.status == 403, "\(path)")
                    #expect(refused.code == "FORBIDDEN")
                    let nobody = try await cluster.visitor.at(base).call(method, path)
                    #expect(nobody.status == 401, "\(path)")
                    #expect(nobody.code == "UNAUTHENTICATED")
                }
            }
            #expect(try await victim.api.call(.GET, "/api/me").json["user"]["suspended"] == false)
            #expect(try await victim.api.call(.GET, "/api/me/sessions").json["sessions"].array.count == 1)
        }

        @Test("The list shows role, suspension and sessions, and is paged by a cursor")
        func users() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let prefix = "page" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
            for suffix in ["a", "b", "c"] { _ = try await cluster.visitor.register(prefix + suffix, password: Person.password) }
            var names: [String] = []
            var cursor: String? = ""
            while let next = cursor {
                let answer = try await admin.call(.GET, "/api/admin/users?q=\(prefix)&limit=2&cursor=\(next)")
                #expect(answer.status == 200)
                let users = answer.json["users"].array
                #expect(
                    users.allSatisfy { $0.fields == ["userId", "username", "role", "suspended", "online", "sessions", "createdAt"] }
                )
                #expect(users.allSatisfy { $0["sessions"] == 1 && $0["online"] == false && $0["role"] == "user" })
                names += users.compactMap { $0["username"].string }
                cursor = answer.json["cursor"].string
            }
            #expect(names == ["a", "b", "c"].map { prefix + $0 })
            for query in ["limit=0", "limit=201", "limit=x", "q=" + String(repeating: "x", count: 65)] {
                #expect(try await admin.call(.GET, "/api/admin/users?\(query)").status == 400)
            }
            for query in ["q=%25", "q=%27", "q=%7B%22$gt%22:%22%22%7D"] {
                #expect(try await admin.call(.GET, "/api/admin/users?\(query)").json["users"] == [])
            }
        }

        @Test("A ban closes what is open and keeps out until it is lifted; then one logs in again")
        func banAndUnban() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let person = try await cluster.visitor.person()
            let live = try await LiveClient.connect(to: cluster.urlA, token: person.token)
            let ban = try await admin.call(.POST, "/api/admin/users/\(person.id)/ban", ["reason": "'; DROP TABLE users; --"])
            #expect(ban.status == 200)
            #expect(ban.json.fields == ["user", "closedHere", "otherInstances"])
            #expect(ban.json["user"]["suspended"] == true)
            #expect(ban.json["closedHere"] == 1)
            #expect(try await live.closed().code == 4003)
            for base in [cluster.urlA, cluster.urlB] {
                let answer = try await person.api.at(base).call(.GET, "/api/me")
                #expect(answer.status == 403)
                #expect(answer.code == "ACCOUNT_SUSPENDED")
            }
            let again = try await admin.call(.POST, "/api/admin/users/\(person.id)/ban")
            #expect(again.status == 200)
            #expect(again.json["closedHere"] == 0)
            let unban = try await admin.call(.POST, "/api/admin/users/\(person.id)/unban", ["reason": "appeal"])
            #expect(unban.status == 200)
            #expect(unban.json["user"]["suspended"] == false)
            #expect(try await person.api.call(.GET, "/api/me").status == 401)
            let token = try await cluster.visitor.logIn(person.account.username, password: Person.password).token
            #expect(try await cluster.visitor.with(token: token).call(.GET, "/api/me").status == 200)
            let entries = try await admin.call(.GET, "/api/admin/audit?limit=200").json["entries"].array
            let own = entries.filter { $0["targetUserId"].string == person.id }
            #expect(own.compactMap { $0["action"].string } == ["unban", "ban", "ban"])
            #expect(own.last?["reason"].string == "'; DROP TABLE users; --")
        }

        @Test("A revocation of all sessions says how many there were")
        func revokeAll() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let person = try await cluster.visitor.person()
            let other = try await cluster.visitor.logIn(person.account.username, password: Person.password)
            let live = try await LiveClient.connect(to: cluster.urlA, token: other.token)
            let answer = try await admin.call(.POST, "/api/admin/users/\(person.id)/revoke-sessions")
            #expect(answer.status == 200)
            #expect(answer.json == ["revoked": 2, "closedHere": 1, "otherInstances": []])
            let close = try await live.closed()
            #expect(close.code == 1000)
            #expect(close.reason == "Removed")
            for token in [person.token, other.token] {
                #expect(try await cluster.visitor.with(token: token).call(.GET, "/api/me").status == 401)
            }
            let none = try await admin.call(.POST, "/api/admin/users/\(person.id)/revoke-sessions")
            #expect(none.json["revoked"] == 0)
        }

        @Test("One session of a user is shown, and ended alone")
        func revokeOne() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let person = try await cluster.visitor.person()
            let other = try await cluster.visitor.logIn(person.account.username, password: Person.password)
            let path = "/api/admin/users/\(person.id)/sessions"
            let sessions = try await admin.call(.GET, path).json.array
            #expect(Set(sessions.compactMap { $0["sessionId"].string }) == [person.account.sessionID, other.sessionID])
            #expect(try await admin.call(.DELETE, "\(path)/\(other.sessionID)").status == 204)
            #expect(try await cluster.visitor.with(token: other.token).call(.GET, "/api/me").status == 401)
            #expect(try await person.api.call(.GET, "/api/me").status == 200)
            #expect(try await admin.call(.GET, path).json.array.count == 1)
        }

        @Test("Nobody bans himself")
        func oneself() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let id = try #require(try await admin.call(.GET, "/api/me").json["user"]["userId"].string)
            let answer = try await admin.call(.POST, "/api/admin/users/\(id)/ban")
            #expect(answer.status == 403)
            #expect(answer.code == "FORBIDDEN")
            #expect(try await admin.call(.GET, "/api/me").status == 200)
        }

        @Test("Orders for nobody and with wrong words are refused")
        func refused() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let person = try await cluster.visitor.person()
            let other = try await cluster.visitor.person()
            let unknown = "01890000-0000-7000-8000-000000000000"
            for (method, template) in Self.routes where template.contains("ID") {
                let path = template.replacing("ID", with: unknown).replacing("SESSION", with: unknown)
                #expect(try await admin.call(method, path).status == 404, "\(path)")
                for bad in ["x", unknown.uppercased() + "A", "%27%20OR%201=1", "%7B%22$ne%22:1%7D"] {
                    let path = template.replacing("ID", with: bad).replacing("SESSION", with: unknown)
                    #expect(try await admin.call(method, path).status == 400, "\(path)")
                }
            }
            let foreign = "/api/admin/users/\(person.id)/sessions/\(other.account.sessionID)"
            #expect(try await admin.call(.DELETE, foreign).status == 404)
            for body in ["x", "[]", #"{"reason":7}"#, #"{"reason":{"$gt":""}}"#, #"{"reason":"\#(String(repeating: "r", count: 501))"}"#] {
                for order in ["ban", "unban"] {
                    let answer = try await admin.raw(.POST, "/api/admin/users/\(person.id)/\(order)", body: body)
                    #expect(answer.status == 400, "\(body.prefix(40))")
                }
            }
            for someone in [person, other] { #expect(try await someone.api.call(.GET, "/api/me").status == 200) }
        }

        @Test("The audit log shows every order once, newest first, page by page")
        func audit() async throws {
            let cluster = try RunningCluster.current
            let admin = try await cluster.admin()
            let person = try await cluster.visitor.person()
            let path = "/api/admin/users/\(person.id)"
            _ = try await admin.call(.DELETE, "\(path)/sessions/\(person.account.sessionID)")
            _ = try await admin.call(.POST, "\(path)/revoke-sessions")
            _ = try await admin.at(cluster.urlB).call(.POST, "\(path)/ban", ["reason": "spam"])
            var own: [JSONValue] = []
            var ids: [String] = []
            var cursor: String? = ""
            while let next = cursor {
                let answer = try await admin.call(.GET, "/api/admin/audit?limit=2&cursor=\(next)")
                #expect(answer.status == 200)
                ids += answer.json["entries"].array.compactMap { $0["entryId"].string }
                own += answer.json["entries"].array.filter { $0["targetUserId"].string == person.id }
                cursor = answer.json["cursor"].string
            }
            #expect(ids == Array(Set(ids)).sorted().reversed())
            #expect(own.compactMap { $0["action"].string } == ["ban", "revoke_all", "revoke_one"])
            #expect(
                own.first?.fields
                    == ["entryId", "action", "adminId", "adminName", "targetUserId", "targetName", "reason", "createdAt"]
            )
            #expect(own.first?["targetName"].string == person.account.username)
            #expect(own.first?["reason"] == "spam")
            #expect(own.last?["targetSessionId"].string == person.account.sessionID)
            for query in ["cursor=x", "cursor=%27", "limit=0", "limit=201"] {
                #expect(try await admin.call(.GET, "/api/admin/audit?\(query)").status == 400, "\(query)")
            }
        }
    }
}
