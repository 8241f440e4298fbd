import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("People read and change what is known of themselves")
    struct Profile {
        @Test("The own account and session are shown")
        func me() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await person.api.call(.GET, "/api/me")
            #expect(answer.status == 200)
            #expect(answer.json.fields == ["user", "session"])
            #expect(answer.json["user"]["username"].string == person.account.username)
            #expect(answer.json["session"]["sessionId"].string == person.account.sessionID)
        }

        @Test("An avatar is set, left as it is, and taken away")
        func avatar() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let url = "https://cdn.example/a.png?size=64&x=%27" + String(repeating: "y", count: 461)
            #expect(url.count == 500)
            let set = try await person.api.call(.PATCH, "/api/me", ["avatar": .string(url)])
            #expect(set.status == 200)
            #expect(set.json["user"]["avatar"].string == url)
            #expect(try await person.api.call(.PATCH, "/api/me", [:]).json["user"]["avatar"].string == url)
            #expect(try await person.api.call(.GET, "/api/me").json["user"]["avatar"].string == url)
            #expect(try await person.api.call(.PATCH, "/api/me", ["avatar": .null]).json["user"]["avatar"] == .null)
        }

        @Test(
            "What is no https URL of up to 500 characters is refused",
            arguments: [
                "http://cdn.example/a.png", "https://", "javascript:alert(1)", "data:image/png;base64,AA==", "", "//cdn.example/a.png",
                "https://cdn.example/a b", "https://cdn.example/\"onerror=x", "https://cdn.example/<script>", "https://cdn.example/ü",
                "https://cdn.example/\n", "https://cdn.example/" + String(repeating: "x", count: 481),
            ]
        )
        func refusedAvatar(avatar: String) async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await person.api.call(.PATCH, "/api/me", ["avatar": .string(avatar)])
            #expect(answer.status == 400)
            #expect(answer.code == "BAD_REQUEST")
            #expect(try await person.api.call(.GET, "/api/me").json["user"]["avatar"] == .null)
        }

        @Test(
            "Other fields and types change nothing",
            arguments: [
                #"{"avatar":7}"#, #"{"avatar":{"$set":1}}"#, #"{"avatar":["https://a.example/"]}"#, "[]", "x", "",
            ]
        )
        func wrongTypes(body: String) async throws {
            let person = try await RunningCluster.current.visitor.person()
            #expect(try await person.api.raw(.PATCH, "/api/me", body: body).status == 400)
        }

        @Test("Nobody makes himself an admin")
        func role() async throws {
            let person = try await RunningCluster.current.visitor.person()
            let answer = try await person.api.call(.PATCH, "/api/me", ["role": "admin", "suspended": true, "username": "root"])
            #expect(answer.status == 200)
            #expect(answer.json["user"]["role"] == "user")
            #expect(answer.json["user"]["username"].string == person.account.username)
        }
    }
}
