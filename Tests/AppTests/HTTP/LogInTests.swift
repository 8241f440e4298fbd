import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("Log-in lets in who knows the password, and nobody guess")
    struct LogIn {
        @Test("It answers with the account, another session and a cookie")
        func success() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await logIn(person.account.username, Person.password, from: "198.51.100.1")
            #expect(answer.status == 200)
            #expect(answer.json.fields == ["user", "token", "sessionId", "expiresAt"])
            #expect(answer.json["user"]["userId"].string == person.id)
            #expect(answer.json["sessionId"].string != person.account.sessionID)
            #expect(answer.headers.first(name: "Set-Cookie")?.hasPrefix("token=") == true)
        }

        @Test("A wrong password, an unknown name and a name that can't be are refused alike")
        func wrong() async throws {
            let person = try await RunningCluster.current.visitor.person()
            var answers: [RawAnswer] = []
            for (name, password) in [
                (person.account.username, "wrong horse battery"), ("nobody-here", Person.password), ("' OR 1=1 --", Person.password),
                ("", ""), (String(repeating: "x", count: 10_000), "y"),
            ] {
                answers.append(try await logIn(name, password, from: "198.51.100.2"))
            }
            #expect(answers.allSatisfy { $0.status == 401 && $0.code == "UNAUTHENTICATED" })
            #expect(Set(answers.map(\.message)).count == 1)
            #expect(answers.allSatisfy { $0.headers.first(name: "WWW-Authenticate") == "Bearer" })
            #expect(answers.allSatisfy { $0.headers["Set-Cookie"].isEmpty })
        }

        @Test("Operators in place of texts are no passwords")
        func operators() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let visitor = try RunningCluster.current.visitor
            for password in [#"{"$gt":""}"#, #"{"$ne":null}"#, "true", "1", "null", #"["\#(Person.password)"]"#] {
                let body = #"{"username":"\#(person.account.username)","password":\#(password)}"#
                let answer = try await visitor.raw(.POST, "/api/auth/login", body: body)
                #expect(answer.status == 400, "\(password)")
            }
        }

        @Test("A suspended account is told so where the password is right, and only there")
        func suspended() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            #expect(try await cluster.admin().call(.POST, "/api/admin/users/\(person.id)/ban").status == 200)
            let right = try await logIn(person.account.username, Person.password, from: "198.51.100.3")
            #expect(right.status == 403)
            #expect(right.code == "ACCOUNT_SUSPENDED")
            #expect(right.headers["Set-Cookie"].isEmpty)
            let wrong = try await logIn(person.account.username, "wrong horse battery", from: "198.51.100.3")
            #expect(wrong.status == 401)
        }

        @Test("After ten failures a name waits, whoever asks and whatever the case; other names don't")
        func tooManyForAName() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let other = try await RunningCluster.current.visitor.person()
            for index in 0..<10 {
                #expect(try await logIn(person.account.username, "wrong horse", from: "203.0.113.\(index)").status == 401)
            }
            let answer = try await logIn(person.account.username.uppercased(), Person.password, from: "203.0.113.99")
            #expect(answer.status == 429)
            #expect(answer.code == "RATE_LIMITED")
            let seconds = try #require(answer.headers.first(name: "Retry-After").flatMap { Int($0) })
            #expect((1...300).contains(seconds))
            #expect(try await logIn(other.account.username, Person.password, from: "203.0.113.99").status == 200)
        }

        @Test("After ten failures an address waits, whatever the name; other addresses don't")
        func tooManyFromAnAddress() async throws {
            let person = try await RunningCluster.current.visitor.person()
            for index in 0..<10 {
                #expect(try await logIn("nobody-\(index)", "wrong horse", from: "192.0.2.7").status == 401)
            }
            #expect(try await logIn(person.account.username, Person.password, from: "192.0.2.7").status == 429)
            #expect(try await logIn(person.account.username, Person.password, from: "192.0.2.8").status == 200)
        }

        @Test("Failures at one instance and another go together")
        func overInstances() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            for (base, range) in [(cluster.urlA, 0..<5), (cluster.urlB, 5..<10)] {
                for index in range {
                    let answer = try await logIn(person.account.username, "wrong horse", from: "203.0.113.\(100 + index)", at: base)
                    #expect(answer.status == 401)
                }
            }
            for base in [cluster.urlB, cluster.urlA] {
                let answer = try await logIn(person.account.username, Person.password, from: "203.0.113.120", at: base)
                #expect(answer.status == 429)
                let seconds = try #require(answer.headers.first(name: "Retry-After").flatMap { Int($0) })
                #expect((1...300).contains(seconds))
            }
        }

        @Test("Many right log-ins at the same time from one address are no failures")
        func crowd() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask { try await self.logIn(person.account.username, Person.password, from: "192.0.2.40").status }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [200: 40])
        }

        @Test("Guesses at the same time don't get past the limit")
        func guesses() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<40 {
                    group.addTask { try await self.logIn(person.account.username, "guess number \(index)", from: "192.0.2.41").status }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [401: 10, 429: 30])
        }

        private func logIn(_ name: String, _ password: String, from address: String, at base: String? = nil) async throws -> RawAnswer {
            let body: JSONValue = ["username": .string(name), "password": .string(password)]
            let visitor = try RunningCluster.current.visitor
            return try await visitor.at(base ?? visitor.base).raw(
                .POST,
                "/api/auth/login",
                headers: [("X-Forwarded-For", address)],
                body: body.text()
            )
        }
    }
}
