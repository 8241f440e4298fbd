import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("A message sent by HTTP is stored once and delivered once")
    struct Sending {
        @Test("It is answered with the message, and again with the same one where it is sent again, on either instance")
        func idempotency() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let live = try await LiveClient.connect(to: cluster.urlB, token: bob.token)
            let first = try await ada.send("once", to: bob)
            #expect(first.status == 201)
            #expect(first.json.fields == ["message"])
            #expect(first.json["message"]["seq"] == 1)
            #expect(first.json["message"]["conversationId"].string == (try ada.conversation(with: bob)))
            for base in [cluster.urlA, cluster.urlB] {
                let again = try await Person(account: ada.account, api: ada.api.at(base)).send("once", to: bob)
                #expect(again.status == 200)
                #expect(again.json["duplicate"] == true)
                #expect(again.json["message"] == first.json["message"])
            }
            #expect(try await ada.send("after", to: bob).json["message"]["seq"] == 2)
            _ = try await live.message("after")
            #expect(live.deliveries(of: "once") == 1)
            live.disconnect()
        }

        @Test("The same key at the same time on both instances is one message")
        func race() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let answers = try await withThrowingTaskGroup(of: APIClient.Answer.self) { group in
                for index in 0..<16 {
                    let sender = Person(account: ada.account, api: ada.api.at(index.isMultiple(of: 2) ? cluster.urlA : cluster.urlB))
                    group.addTask { try await sender.send("same", to: bob) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 201 } == 1)
            #expect(answers.count { $0.status == 200 && $0.json["duplicate"] == true } == 15)
            #expect(Set(answers.map { $0.json["message"]["messageId"] }).count == 1)
        }

        @Test("The same key with another content or recipient is a conflict")
        func conflict() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let eve = try await cluster.visitor.person()
            #expect(try await ada.api.call(.POST, "/api/messages", Self.body(bob.id, "one", key: "k")).status == 201)
            for body in [Self.body(bob.id, "two", key: "k"), Self.body(eve.id, "one", key: "k")] {
                let answer = try await ada.api.call(.POST, "/api/messages", body)
                #expect(answer.status == 409)
                #expect(answer.code == "CONFLICT")
            }
            // Keys are the sender's own.
            #expect(try await bob.api.call(.POST, "/api/messages", Self.body(ada.id, "two", key: "k")).status == 201)
            let path = "/api/conversations/\(try ada.conversation(with: bob))/messages"
            #expect(try await ada.api.call(.GET, path).json["messages"].array.compactMap(\.["content"].string) == ["one", "two"])
        }

        @Test("One may write to oneself")
        func toOneself() async throws {
            let ada = try await RunningCluster.current.visitor.person()
            let answer = try await ada.send("note", to: ada)
            #expect(answer.status == 201)
            #expect(answer.json["message"]["conversationId"].string == "dm:\(ada.id):\(ada.id)")
        }

        @Test("4,000 characters are taken, emoji and all; 4,001 are not", arguments: ["a", "ü", "🙂", "👩‍👩‍👧‍👦", "\u{0301}", "\"", "\n"])
        func length(character: String) async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let scalars = character.unicodeScalars.count
            let longest = String(repeating: character, count: 4_000 / scalars) + String(repeating: "x", count: 4_000 % scalars)
            let taken = try await ada.api.call(.POST, "/api/messages", Self.body(bob.id, longest, key: "long"))
            #expect(taken.status == 201)
            #expect(taken.json["message"]["content"].string?.unicodeScalars.elementsEqual(longest.unicodeScalars) == true)
            let refused = try await ada.api.call(.POST, "/api/messages", Self.body(bob.id, longest + "x", key: "longer"))
            #expect(refused.status == 413)
            #expect(refused.code == "CONTENT_TOO_LONG")
            let path = "/api/conversations/\(try ada.conversation(with: bob))/messages"
            let stored = try await bob.api.at(cluster.urlB).call(.GET, path).json["messages"].array
            #expect(stored.count == 1)
            #expect(stored.first?["content"].string?.unicodeScalars.elementsEqual(longest.unicodeScalars) == true)
        }

        @Test("What is not a message to one person is refused, and nothing is stored")
        func refused() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let unknown = "01890000-0000-7000-8000-000000000000"
            let long = String(repeating: "k", count: 65)
            for (body, status) in [
                (#"{"recipientId":"\#(unknown)","content":"x","clientMessageId":"k"}"#, 404),
                (#"{"channelId":"ch:nowhere","content":"x","clientMessageId":"k"}"#, 404),
                (#"{"recipientId":"\#(bob.id)","channelId":"ch:general","content":"x","clientMessageId":"k"}"#, 400),
                (#"{"content":"x","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id.uppercased())","content":"x","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.account.username)","content":"x","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":{"$ne":""},"content":"x","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":["\#(bob.id)"],"content":"x","clientMessageId":"k"}"#, 400),
                (#"{"channelId":"ch:A B","content":"x","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":7,"clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":{"$gt":""},"clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"a\u0000b","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"\ud800","clientMessageId":"k"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"x"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"x","clientMessageId":""}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"x","clientMessageId":"\#(long)"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"x","clientMessageId":"ü"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"x","clientMessageId":"a\nb"}"#, 400),
                (#"{"recipientId":"\#(bob.id)","content":"x","clientMessageId":7}"#, 400),
                (#"["\#(bob.id)","x","k"]"#, 400), ("null", 400), ("x", 400), ("", 400), (#"{"recipientId":"#, 400),
                (String(repeating: "[", count: 100_000), 400),
                (#"{"recipientId":"\#(bob.id)","clientMessageId":"k","content":"\#(String(repeating: "x", count: 300_000))"}"#, 413),
            ] {
                let answer = try await ada.api.raw(.POST, "/api/messages", body: body)
                #expect(answer.status == status, "\(body.prefix(120))")
                #expect(answer.code == [404: "NOT_FOUND", 400: "BAD_REQUEST", 413: "CONTENT_TOO_LONG"][status], "\(body.prefix(120))")
            }
            #expect(try await ada.api.call(.GET, "/api/conversations").json["conversations"] == [])
        }

        private static func body(_ recipient: String, _ content: String, key: String) -> JSONValue {
            ["recipientId": .string(recipient), "content": .string(content), "clientMessageId": .string(key)]
        }
    }
}
