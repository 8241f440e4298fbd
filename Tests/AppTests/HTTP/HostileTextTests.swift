import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("Texts are texts: what looks like SQL or an operator is stored as it is and does nothing")
    struct HostileTexts {
        static let texts = [
            "'; DROP TABLE messages; --", "\" OR \"\"=\"", "1); DELETE FROM users WHERE (1=1", #"{"$gt":""}"#, "$where: sleep(1000)",
            "%s%n%x", "\\'; --", "<script>alert(1)</script>", "\r\nSET x 1\r\n", "*3\r\n$7\r\nPUBLISH\r\n", "\u{202E}abc", "\u{FEFF}x",
            "${jndi:ldap://x}",
        ]

        @Test("In contents and keys", arguments: texts)
        func contents(text: String) async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let live = try await LiveClient.connect(to: cluster.urlB, token: bob.token)
            let key = String(text.unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F }.prefix(64).map(Character.init))
            let body: JSONValue = ["recipientId": .string(bob.id), "content": .string(text), "clientMessageId": .string(key)]
            #expect(try await ada.api.call(.POST, "/api/messages", body).status == 201)
            let delivered = try await live.message(text)
            #expect(delivered["senderId"].string == ada.id)
            let path = "/api/conversations/\(try ada.conversation(with: bob))/messages"
            let stored = try await ada.api.call(.GET, path).json["messages"].array
            #expect(stored.map { $0["content"].string } == [text])
            #expect(stored.map { $0["clientMessageId"].string } == [key])
            live.disconnect()
        }

        @Test("In user agents and reasons", arguments: texts.filter { !$0.unicodeScalars.contains("\r") })
        func headers(text: String) async throws {
            let cluster = try RunningCluster.current
            let person = try await cluster.visitor.person()
            let body: JSONValue = ["username": .string(person.account.username), "password": .string(Person.password)]
            let answer = try await cluster.visitor.raw(
                .POST,
                "/api/auth/login",
                headers: [("User-Agent", text), ("X-Forwarded-For", text)],
                body: body.text()
            )
            #expect(answer.status == 200)
            let admin = try await cluster.admin()
            let sessions = try await admin.call(.GET, "/api/admin/users/\(person.id)/sessions").json.array
            let agent = sessions.first { $0["sessionId"] == answer.json["sessionId"] }?["userAgent"].string
            #expect(agent == text)
            #expect(try await admin.call(.POST, "/api/admin/users/\(person.id)/ban", ["reason": .string(text)]).status == 200)
            let entry = try await admin.call(.GET, "/api/admin/audit?limit=200").json["entries"].array
                .first { $0["targetUserId"].string == person.id }
            #expect(entry?["reason"].string == text)
        }
    }
}
