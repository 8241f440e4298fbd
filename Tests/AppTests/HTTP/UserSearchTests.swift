import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("People are found by the beginning of their names, and by nothing else")
    struct UserSearch {
        @Test("A prefix finds names in any case, in order, and says who is online")
        func prefix() async throws {
            let cluster = try RunningCluster.current
            let prefix = "Find" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
            var people: [Person] = []
            for suffix in ["_a", ".b", "-c", "d"] {
                let account = try await cluster.visitor.register(prefix + suffix, password: Person.password)
                people.append(Person(account: account, api: cluster.visitor.with(token: account.token)))
            }
            let live = try await LiveClient.connect(to: cluster.urlA, token: people[0].token)
            let answer = try await people[1].api.call(.GET, "/api/users?q=\(prefix.lowercased())")
            #expect(answer.status == 200)
            let users = answer.json["users"].array
            #expect(
                users.compactMap { $0["username"].string } == people.map(\.account.username).sorted { $0.lowercased() < $1.lowercased() }
            )
            #expect(users.allSatisfy { $0.fields == ["userId", "username", "status"] })
            for user in users {
                #expect(user["status"].string == (user["userId"].string == people[0].id ? "online" : "offline"))
            }
            #expect(try await people[1].api.call(.GET, "/api/users?q=\(prefix.uppercased())_&limit=1").json["users"].array.count == 1)
            #expect(try await people[1].api.call(.GET, "/api/users?q=\(prefix)&limit=2").json["users"].array.count == 2)
            live.disconnect()
        }

        @Test(
            "Wildcards, quotes and operators are letters that no name has",
            arguments: [
                "%25", "%27", "%27%20OR%20%271%27=%271", "%22", "*", "%5C", "%7B%22%24gt%22:%22%22%7D", "a%25", "%F0%9F%99%82", "%00",
                "a%00",
            ]
        )
        func noWildcards(query: String) async throws {
            let person = try await RunningCluster.current.visitor.person("a")
            let answer = try await person.api.call(.GET, "/api/users?q=\(query)")
            #expect(answer.status == 200)
            #expect(answer.json["users"] == [])
        }

        @Test("An underscore stands for itself")
        func underscore() async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person("under")
            let wild = "unde_" + person.account.username.dropFirst(5)
            #expect(try await person.api.call(.GET, "/api/users?q=\(wild)").json["users"] == [])
            let found = try await person.api.call(.GET, "/api/users?q=\(person.account.username)").json["users"].array
            #expect(found.compactMap { $0["userId"].string } == [person.id])
        }

        @Test(
            "Limits and texts out of range are refused",
            arguments: [
                "limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=99999999999999999999",
                "q=" + String(repeating: "a", count: 65),
            ]
        )
        func refused(query: String) async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await person.api.call(.GET, "/api/users?\(query)")
            #expect(answer.status == 400)
            #expect(answer.code == "BAD_REQUEST")
        }

        @Test("The largest limit is taken")
        func largest() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await person.api.call(.GET, "/api/users?limit=100")
            #expect(answer.status == 200)
            #expect((1...100).contains(answer.json["users"].array.count))
        }
    }
}
