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
