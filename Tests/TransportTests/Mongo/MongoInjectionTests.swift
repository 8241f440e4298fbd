import Actors
import TestSupport
import Testing

@testable import Transport

@Suite("Text from a client is text in MongoDB, whatever operator it looks like")
struct MongoInjectionTests {
    private let fixture = Fixture()
    private static let operators = ["{\"$gt\": \"\"}", "$where", "{\"$ne\": null}", "$username", "username.$"]

    @Test(arguments: operators)
    func `it finds nobody and changes nothing else`(text: String) async throws {
        let uri = try await SharedMongoServer.common.uri()
        try await MongoStore.with(uri) { store in
            let (alice, bob) = (fixture.user("alice"), fixture.user("bob"))
            for user in [alice, bob] { try await store.createUser(user, passwordHash: text) }
            #expect(Username(text) == nil)
            #expect(ChannelName(text) == nil)
            #expect(UserID(text) == nil)
            #expect(ConversationID(text) == nil)
            #expect(try await store.users(prefix: text, after: nil, limit: 9).isEmpty)
            let above = ["alice", "bob"].filter { $0 > text }
            #expect(try await store.users(prefix: "", after: text, limit: 9).map(\.username) == above)

            #expect(try await store.setAvatar(text, of: alice.userID)?.avatar == text)
            #expect(try await store.user(bob.userID)?.avatar == nil)

            let conversation = ConversationID.direct(UserPair(alice.userID, bob.userID))
            _ = try await store.append([fixture.draft(from: alice, "first")], to: conversation)
            let key = try #require(ClientMessageID(text))
            let named = User(userID: alice.userID, username: text, role: .user, createdAt: alice.createdAt)
            let draft = fixture.draft(from: named, text, clientMessageID: key)
            #expect(try await store.append([draft], to: conversation) == [.stored(draft.message(in: conversation, seq: 2))])
            #expect(try await store.append([draft], to: conversation) == [.duplicate(draft.message(in: conversation, seq: 2))])

            let plain = fixture.session(of: alice)
            let session = Session(
                sessionID: plain.sessionID,
                userID: alice.userID,
                authEpoch: 0,
                createdAt: plain.createdAt,
                expiresAt: plain.expiresAt,
                lastSeen: plain.lastSeen,
                userAgent: text,
                address: text
            )
            try await store.createSession(session)
            #expect(try await store.sessionRecord(session.sessionID, of: alice.userID)?.session == session)
            let entry = AuditEntry(
                entryID: fixture.id(),
                action: .ban,
                adminID: nil,
                targetUserID: bob.userID,
                reason: text,
                createdAt: fixture.time.now()
            )
            try await store.record(entry)
            #expect(try await store.auditLog(before: nil, limit: 1) == [entry])
            try await expectStrings(text, at: uri)
        }
    }

    @Test(arguments: operators)
    func `it is an edit's content, a reaction, a channel's title`(text: String) async throws {
        let uri = try await SharedMongoServer.common.uri()
        try await MongoStore.with(uri) { store in
            let (alice, name) = (fixture.user("alice"), try #require(ChannelName("general")))
            try await store.createChannel(fixture.channel(name, text, by: alice))
            #expect(try await store.channel(name)?.channel.title == text)
            let message = try await store.stored(fixture.draft(from: alice), in: .channel(name))
            let (id, author) = (message.messageID, alice.userID)
            let edited = try await store.edit(id, in: .channel(name), by: author, content: text, at: fixture.time.now())
            #expect(edited.changed?.content == text)
            let reacted = try await store.react(id, in: .channel(name), by: author, emoji: text, adds: true)
            #expect(reacted.changed?.reactions.list.map(\.emoji) == [text])
            #expect(try await store.newest(in: .channel(name)) == reacted.changed)
            try await MongoBackdoor.with(uri) { backdoor in
                let found = try #require(try await backdoor.find("messages").first)
                #expect(try found.value("content") == .string(text))
                #expect(try found.documents("reactions").map { try $0.value("emoji") } == [.string(text)])
                #expect(try found.documents("reactions").map { try $0.value("userIds") } == [.array([.id(author)])])
                #expect(try found.optionalBinary("originalDigest") == ContentDigest.of("hello"))
                #expect(try await backdoor.find("channels").map { try $0.value("title") } == [.string(text)])
            }
            // A position isn't a client's; but one that could hold anything finds nothing either.
            let position = ChangePosition(stamp: Stamp(1), key: text)
            _ = try await store.changedConversations(after: position, limit: 5)
            await #expect(throws: StoreError.self) { try await store.changedMemberships(after: position, limit: 5) }
            await #expect(throws: StoreError.self) { try await store.kickedUsers(after: position, limit: 5) }
        }
    }

    /// In the database each of them is of BSON's type string.
    private func expectStrings(_ text: String, at uri: String) async throws {
        let fields = [
            ("users", "avatar"), ("users", "passwordHash"), ("messages", "content"), ("messages", "senderName"),
            ("messages", "clientMessageId"), ("sessions", "userAgent"), ("sessions", "address"), ("audit", "reason"),
        ]
        try await MongoBackdoor.with(uri) { backdoor in
            for (collection, field) in fields {
                let values = try await backdoor.find(collection).map { try $0.value(field) }
                #expect(values.contains(.string(text)), "\(collection).\(field)")
            }
        }
    }
}
