import Actors
import TestSupport
import Testing

@Suite("Every store takes any text for text")
struct StoreTextContract {
    private let fixture = Fixture()

    static let texts = [
        "'; DROP TABLE messages; --", "\"; DELETE FROM users; --", "{\"$gt\": \"\"}", "$where", "a\0b", "\0", "", " ", "%_\\",
        "👩‍👩‍👧‍👦🏳️‍🌈", "שלום \u{202E}dlrow", "e\u{301} against é", "line\nline\r\n\t", "\u{FEFF}bom", "\u{10FFFF}",
        String(repeating: "x", count: 4_000), String(repeating: "👩‍👩‍👧‍👦", count: 4_000),
    ]

    @Test(arguments: StoreKind.allCases)
    func `content and names come back byte for byte`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            let conversation = ConversationID.direct(UserPair(alice.userID, alice.userID))
            for text in Self.texts {
                let sender = User(userID: alice.userID, username: text, role: .user, createdAt: alice.createdAt)
                let draft = fixture.draft(from: sender, text)
                let first = try await one.append([draft], to: conversation)
                guard case .stored(let message)? = first.first else {
                    Issue.record("not stored: \(first)")
                    continue
                }
                #expect(try await other.append([draft], to: conversation) == [.duplicate(message)])
                let found = try await other.messages(in: conversation, before: nil, after: nil, limit: 1).messages.first
                #expect(found.map { Array($0.content.utf8) } == Array(text.utf8))
                #expect(found.map { Array($0.senderName.utf8) } == Array(text.utf8))
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `accounts, sessions and reasons come back byte for byte`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            for text in Self.texts {
                let user = fixture.user("\(text)#\(fixture.id(UserID.self))")
                try await one.createUser(user, passwordHash: text)
                #expect(try await other.setAvatar(text, of: user.userID)?.avatar.map { Array($0.utf8) } == Array(text.utf8))
                let found = try await other.users(prefix: user.username, after: nil, limit: 2)
                #expect(found.map(\.userID) == [user.userID])
                #expect(found.first.map { Array($0.username.utf8) } == Array(user.username.utf8))

                let plain = fixture.session(of: user)
                let session = Session(
                    sessionID: plain.sessionID,
                    userID: plain.userID,
                    authEpoch: plain.authEpoch,
                    createdAt: plain.createdAt,
                    expiresAt: plain.expiresAt,
                    lastSeen: plain.lastSeen,
                    userAgent: text,
                    address: text
                )
                try await one.createSession(session)
                #expect(try await other.sessionRecord(session.sessionID, of: user.userID)?.session == session)

                let entry = AuditEntry(
                    entryID: fixture.id(),
                    action: .ban,
                    adminID: nil,
                    targetUserID: user.userID,
                    reason: text,
                    createdAt: fixture.time.now()
                )
                try await one.record(entry)
                #expect(try await other.auditLog(before: nil, limit: 1) == [entry])
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a password's hash is given back whole`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let user = fixture.user("alice")
            try await store.createUser(user, passwordHash: "a\0$b'--")
            #expect(try await store.credentials(username: try #require(Username("alice")))?.passwordHash == "a\0$b'--")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a clientMessageId may be any printable ASCII`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            let conversation = ConversationID.direct(UserPair(alice.userID, alice.userID))
            for text in [" ", "'; DROP TABLE x; --", "{\"$gt\":\"\"}", "%", "_", String(repeating: "~", count: 64), "A", "a"] {
                let key: ClientMessageID = try #require(ClientMessageID(text))
                let draft = fixture.draft(from: alice, "x", clientMessageID: key)
                let outcome = try await store.append([draft], to: conversation)
                guard case .stored(let message)? = outcome.first else {
                    Issue.record("not stored: \(text)")
                    continue
                }
                #expect(try await store.messages(in: conversation, before: nil, after: nil, limit: 1).messages == [message])
            }
        }
    }
}
