import Foundation
import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("Registration takes good names and passwords, once, and refuses the rest with a word")
    struct Registration {
        @Test("It answers with the account, a token and a cookie that only the server reads")
        func success() async throws {
            let visitor = try RunningCluster.current.visitor
            let name = "Ada." + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
            let answer = try await visitor.raw(.POST, "/api/auth/register", body: Self.body(name, Person.password))
            #expect(answer.status == 201)
            #expect(answer.json.fields == ["user", "token", "sessionId", "expiresAt"])
            #expect(answer.json["user"].fields == ["userId", "username", "role", "suspended", "createdAt"])
            #expect(answer.json["user"]["username"].string == name)
            #expect(answer.json["user"]["role"] == "user")
            #expect(answer.json["user"]["suspended"] == false)
            let token = try #require(answer.json["token"].string)
            let cookie = try #require(answer.headers.first(name: "Set-Cookie"))
            #expect(cookie.hasPrefix("token=\(token);"))
            for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=604800"] {
                #expect(cookie.contains(attribute), "\(attribute)")
            }
            #expect(!cookie.contains("Domain"))
            #expect(answer.headers.first(name: "Cache-Control") == "no-store")
            #expect(try await visitor.with(token: token).call(.GET, "/api/me").status == 200)
        }

        @Test("A name in other case is the same name")
        func takenInOtherCase() async throws {
            let visitor = try RunningCluster.current.visitor
            let name = "taken" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
            _ = try await visitor.register(name, password: Person.password)
            for again in [name, name.uppercased()] {
                let answer = try await visitor.raw(.POST, "/api/auth/register", body: Self.body(again, Person.password))
                #expect(answer.status == 409)
                #expect(answer.code == "CONFLICT")
                #expect(answer.headers["Set-Cookie"].isEmpty)
            }
            #expect(try await visitor.logIn(name.uppercased(), password: Person.password).username == name)
        }

        @Test("Of many who want one name at the same time, on two instances, one gets it")
        func race() async throws {
            let cluster = try RunningCluster.current
            let name = "race" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<8 {
                    let client = cluster.visitor.at(index.isMultiple(of: 2) ? cluster.urlA : cluster.urlB)
                    group.addTask { try await client.raw(.POST, "/api/auth/register", body: Self.body(name, Person.password)).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
        }

        @Test(
            "Names and passwords outside the rules are refused, and nothing is made",
            arguments: [
                (#"{"username":"ab","password":"long enough"}"#, "username"),
                (#"{"username":"\#(String(repeating: "a", count: 33))","password":"long enough"}"#, "username"),
                (#"{"username":"white space","password":"long enough"}"#, "username"),
                (#"{"username":"umläut","password":"long enough"}"#, "username"),
                (#"{"username":"a';DROP TABLE users;--","password":"long enough"}"#, "username"),
                (#"{"username":"zero\u0000byte","password":"long enough"}"#, "username"),
                (#"{"username":"","password":"long enough"}"#, "username"),
                (#"{"username":"fineName","password":"1234567"}"#, "password"),
                (#"{"username":"fineName","password":"\#(String(repeating: "p", count: 129))"}"#, "password"),
                (#"{"username":"fineName"}"#, "password"),
                (#"{"password":"long enough"}"#, "username"),
                (#"{"username":7,"password":"long enough"}"#, "username"),
                (#"{"username":"fineName","password":null}"#, "password"),
                (#"{"username":"fineName","password":{"$gt":""}}"#, "password"),
                (#"{"username":{"$ne":null},"password":"long enough"}"#, "username"),
                (#"{"username":["fineName"],"password":"long enough"}"#, "username"),
                (#"["fineName","long enough"]"#, "body"), ("null", "body"), ("fineName", "body"), (#"{"username":"#, "body"),
                ("", "body"), ("\u{0}", "body"),
            ]
        )
        func refused(body: String, word: String) async throws {
            let visitor = try RunningCluster.current.visitor
            let answer = try await visitor.raw(.POST, "/api/auth/register", body: body)
            #expect(answer.status == 400)
            #expect(answer.code == "BAD_REQUEST")
            #expect(answer.message?.contains(word) == true, "\(answer.message ?? "")")
            #expect(answer.headers["Set-Cookie"].isEmpty)
            #expect(answer.headers.first(name: "Content-Type") == "application/json; charset=utf-8")
        }

        @Test("The longest and the shortest that the rules allow are taken")
        func limits() async throws {
            let visitor = try RunningCluster.current.visitor
            let suffix = SystemRandomNumberGenerator.hexadecimal(bytes: 14)
            let long = "Z_.-" + suffix
            #expect(long.count == 32)
            let password = String(repeating: "пароль🙂x", count: 16)
            #expect(password.unicodeScalars.count == 128)
            _ = try await visitor.register(long, password: password)
            _ = try await visitor.logIn(long, password: password)
            _ = try await visitor.register(String(suffix.prefix(3)) + "q", password: "8 chars!")
        }

        @Test("An array that is nested 100,000 times deep is refused, and the instance goes on")
        func nesting() async throws {
            let visitor = try RunningCluster.current.visitor
            let deep = String(repeating: "[", count: 100_000)
            let closed = deep + String(repeating: "]", count: 100_000)
            let objects = String(repeating: #"{"a":"#, count: 40_000)
            for body in [deep, closed, objects, #"{"username":\#(deep)"#, #"{"username":"fine","password":\#(closed)}"#] {
                let answer = try await visitor.raw(.POST, "/api/auth/register", body: body)
                #expect(answer.status == 400)
            }
            #expect(try await visitor.call(.GET, "/livez").status == 200)
        }

        @Test("A body of 300 KB is refused, whether its length is said or not", arguments: [false, true])
        func tooLarge(isChunked: Bool) async throws {
            let visitor = try RunningCluster.current.visitor
            let body = #"{"username":"big","password":"\#(String(repeating: "x", count: 300_000))"}"#
            let answer = try await visitor.raw(.POST, "/api/auth/register", body: body, isChunked: isChunked)
            #expect(answer.status == 413)
            #expect(answer.code == "CONTENT_TOO_LONG")
            #expect(try await visitor.call(.GET, "/livez").status == 200)
        }

        private static func body(_ name: String, _ password: String) -> String {
            #"{"username":"\#(name)","password":"\#(password)"}"#
        }
    }
}
