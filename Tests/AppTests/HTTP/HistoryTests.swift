import LocalCluster
import NIOHTTP1
import Testing

@testable import App

extension HTTPTests {
    @Suite("Conversations and their history are shown to their members, page by page")
    struct History {
        @Test("The list shows the newest first, with what was said last")
        func list() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let eve = try await cluster.visitor.person()
            #expect(try await ada.api.call(.GET, "/api/conversations").json == ["conversations": []])
            for (content, other) in [("first", bob), ("second", eve), ("third", bob)] {
                #expect(try await ada.send(content, to: other).status == 201)
            }
            let answer = try await ada.api.call(.GET, "/api/conversations")
            #expect(answer.status == 200)
            let conversations = answer.json["conversations"].array
            #expect(conversations.compactMap { $0["otherUserId"].string } == [bob.id, eve.id])
            let first = try #require(conversations.first)
            #expect(
                first.fields
                    == ["conversationId", "kind", "title", "otherUserId", "lastSeq", "readSeq", "unread", "lastMessage"]
            )
            #expect(first["conversationId"].string == (try ada.conversation(with: bob)))
            #expect(first["kind"] == "dm")
            #expect(first["title"].string == bob.account.username)
            #expect(first["lastSeq"] == 2)
            #expect(first["lastMessage"]["content"] == "third")
            #expect(first["lastMessage"]["clientMessageId"] == "third")
            let newest = try await ada.api.call(.GET, "/api/conversations?limit=1")
            #expect(newest.json["conversations"].array == [first])
            let next = try #require(newest.json["next"].string)
            let rest = try await ada.api.at(cluster.urlB).call(.GET, "/api/conversations?limit=1&after=\(next)")
            #expect(rest.json == ["conversations": [conversations[1]]])
            for wrong in ["", "1", "x::ch:lobby", "1:x:ch:lobby", "1::nobody", String(repeating: "1", count: 5_000)] {
                #expect(try await ada.api.call(.GET, "/api/conversations?after=\(wrong)").status == 400)
            }
            let bobs = try await bob.api.at(cluster.urlB).call(.GET, "/api/conversations").json["conversations"].array
            #expect(bobs.count == 1)
            #expect(bobs.first?["unread"] == 2)
            #expect(bobs.first?["title"].string == ada.account.username)
            #expect(bobs.first?["lastMessage"]["clientMessageId"] == .null)
        }

        @Test("History is paged forwards and backwards without holes, on either instance")
        func paging() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            for index in 1...7 { #expect(try await ada.send("m\(index)", to: bob).status == 201) }
            let path = "/api/conversations/\(try ada.conversation(with: bob))/messages"
            for (query, seqs, hasMore) in [
                ("", Array(1...7), false), ("?limit=3", [5, 6, 7], true), ("?limit=3&before=5", [2, 3, 4], true),
                ("?limit=3&before=2", [1], false), ("?before=1", [], false), ("?limit=3&after=0", [1, 2, 3], true),
                ("?limit=3&after=4", [5, 6, 7], false), ("?after=7", [], false), ("?after=9223372036854775807", [], false),
                ("?before=9223372036854775807&limit=200", Array(1...7), false), ("?before=0", [], false),
            ] {
                let answer = try await bob.api.at(cluster.urlB).call(.GET, path + query)
                #expect(answer.status == 200)
                #expect(answer.json.fields == ["messages", "hasMore"])
                #expect(answer.json["messages"].array.compactMap(\.["seq"].integer) == seqs.map(Int64.init), "\(query)")
                #expect(answer.json["hasMore"] == .bool(hasMore), "\(query)")
            }
            let message = try #require(try await ada.api.call(.GET, path).json["messages"].array.first)
            #expect(
                message.fields
                    == [
                        "messageId", "conversationId", "seq", "senderId", "senderName", "recipientId", "content", "clientMessageId",
                        "createdAt",
                    ]
            )
            #expect(message["senderName"].string == ada.account.username)
            #expect(message["recipientId"].string == bob.id)
        }

        @Test(
            "Numbers out of range and both ends at once are refused",
            arguments: [
                "limit=0", "limit=201", "limit=-5", "limit=ten", "before=-1", "before=x", "after=1;DROP", "after=9223372036854775808",
                "before=5&after=1",
            ]
        )
        func refusedQuery(query: String) async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let answer = try await ada.api.call(.GET, "/api/conversations/\(try ada.conversation(with: bob))/messages?\(query)")
            #expect(answer.status == 400)
            #expect(answer.code == "BAD_REQUEST")
        }

        @Test("Other people's conversations are closed, to admins too")
        func foreign() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let eve = try await cluster.visitor.person()
            #expect(try await ada.send("between us", to: bob).status == 201)
            let path = "/api/conversations/\(try ada.conversation(with: bob))/messages"
            for reader in [eve.api, try await cluster.admin()] {
                let answer = try await reader.call(.GET, path)
                #expect(answer.status == 403)
                #expect(answer.code == "FORBIDDEN")
                #expect(answer.json["messages"] == .null)
            }
            #expect(try await eve.api.call(.GET, "/api/conversations").json["conversations"] == [])
        }

        @Test("What is no conversation's id is refused")
        func badIDs() async throws {
            let cluster = try RunningCluster.current
            let ada = try await cluster.visitor.person()
            let bob = try await cluster.visitor.person()
            let id = try ada.conversation(with: bob)
            let swapped = "dm:" + id.dropFirst(3).split(separator: ":").reversed().joined(separator: ":")
            for bad in [
                swapped, id.uppercased(), "dm:\(ada.id)", "dm:\(ada.id):x", "dm::", id + ":x", "x", "ch:", "ch:UPPER", "%00", "ch:%27",
                "ch:" + String(repeating: "a", count: 65), "%7B%22$gt%22:%22%22%7D", "dm:%ZZ",
            ] {
                let answer = try await ada.api.call(.GET, "/api/conversations/\(bad)/messages")
                #expect(answer.status == 400, "\(bad)")
                #expect(answer.code == "BAD_REQUEST", "\(bad)")
            }
            let escaped = id.replacing(":", with: "%3A")
            #expect(try await ada.api.call(.GET, "/api/conversations/\(escaped)/messages").status == 200)
            #expect(try await ada.api.call(.GET, "/api/conversations/ch:nowhere/messages").status == 404)
        }
    }
}
