import Actors
import TestSupport
import Testing

@Suite("Every store keeps accounts, sessions and the audit log")
struct StoreAccountContract {
    private let fixture = Fixture()

    @Test(arguments: StoreKind.allCases)
    func `a name is taken in whatever case, and so is an id`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user("Alice", role: .admin)
            try await one.createUser(alice, passwordHash: "secret-hash")
            let rival = fixture.user("aLICE")
            await #expect(throws: StoreError.self) { try await other.createUser(rival, passwordHash: "x") }
            let sameID = User(userID: alice.userID, username: "other", role: .user, createdAt: fixture.time.now())
            let failure = await #expect(throws: StoreError.self) { try await other.createUser(sameID, passwordHash: "x") }
            #expect(failure?.code == .duplicateKey)
            let found = try await other.credentials(username: try #require(Username("ALICE")))
            #expect(found?.user == alice)
            #expect(found?.passwordHash == "secret-hash")
            #expect(try await other.user(alice.userID) == alice)
            #expect(try await other.user(rival.userID) == nil)
            #expect(try await other.credentials(username: try #require(Username("nobody"))) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `of many who want one name at once, one gets it`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let wins = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<20 {
                    let user = fixture.user("wanted")
                    group.addTask {
                        do throws(StoreError) {
                            try await (index.isMultiple(of: 2) ? one : other).createUser(user, passwordHash: "hash")
                            return true
                        } catch {
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wins == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a prefix is taken by the letter and pages follow the folded name`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for name in ["ann", "Anna", "a_b", "a.b", "axb", "Bob", "%b", "o'neil", "\"q\"", "ann\u{FFFF}"] {
                try await store.createUser(fixture.user(name), passwordHash: "hash")
            }
            func names(_ prefix: String, after: String? = nil, limit: Int = 20) async throws -> [String] {
                try await store.users(prefix: prefix, after: after, limit: limit).map(\.username)
            }
            #expect(try await names("AN") == ["ann", "Anna", "ann\u{FFFF}"])
            #expect(try await names("a_") == ["a_b"])
            #expect(try await names("a.") == ["a.b"])
            #expect(try await names("%") == ["%b"])
            #expect(try await names("o'") == ["o'neil"])
            #expect(try await names("\"") == ["\"q\""])
            #expect(try await names("_").isEmpty)
            #expect(try await names("a\0").isEmpty)
            #expect(try await names("' OR 1=1 --").isEmpty)
            let all = try await names("")
            #expect(all == all.sorted { $0.lowercased() < $1.lowercased() })
            #expect(all.count == 10)
            #expect(try await names("", limit: 3) == Array(all.prefix(3)))
            #expect(try await names("", after: all[2].uppercased(), limit: 3) == Array(all[3..<6]))
            #expect(try await names("a", after: "ann") == ["Anna", "ann\u{FFFF}", "axb"])
            #expect(try await names("", limit: 0).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an avatar is set and removed`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            try await store.createUser(alice, passwordHash: "hash")
            #expect(try await store.setAvatar("https://example.org/a.png", of: alice.userID)?.avatar == "https://example.org/a.png")
            #expect(try await store.user(alice.userID)?.avatar == "https://example.org/a.png")
            #expect(try await store.setAvatar(nil, of: alice.userID) == alice)
            #expect(try await store.setAvatar("https://example.org", of: fixture.id()) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a ban ends the sessions of its epoch and an unban brings none back`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            try await one.createUser(alice, passwordHash: "hash")
            let session = fixture.session(of: alice)
            try await one.createSession(session)
            let before = try #require(try await other.sessionRecord(session.sessionID, of: alice.userID))
            #expect(before.session == session)
            #expect(before.refusal(at: fixture.time.now()) == nil)

            let banned = try #require(try await one.setSuspended(true, user: alice.userID))
            #expect(banned.isSuspended)
            #expect(banned.authEpoch == 1)
            let during = try #require(try await other.sessionRecord(session.sessionID, of: alice.userID))
            #expect(during.refusal(at: fixture.time.now()) == .suspended)
            #expect(during.stamp > before.stamp)
            #expect(try await other.sessions(of: alice.userID, validAt: fixture.time.now()).isEmpty)
            #expect(try await one.setSuspended(true, user: alice.userID)?.authEpoch == 2)

            let unbanned = try #require(try await other.setSuspended(false, user: alice.userID))
            #expect(!unbanned.isSuspended)
            #expect(unbanned.authEpoch == 2)
            let after = try #require(try await one.sessionRecord(session.sessionID, of: alice.userID))
            #expect(after.refusal(at: fixture.time.now()) == .removed)
            let renewed = fixture.session(of: unbanned)
            try await one.createSession(renewed)
            #expect(try await other.sessions(of: alice.userID, validAt: fixture.time.now()) == [renewed])
            #expect(try await one.setSuspended(true, user: fixture.id()) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `revoking all counts what was valid and raises the epoch`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            try await one.createUser(alice, passwordHash: "hash")
            let sessions = (0..<4).map { _ in fixture.session(of: alice) }
            for session in sessions { try await one.createSession(session) }
            try await one.createSession(fixture.session(of: alice, lasting: .zero))
            #expect(try await other.revokeSession(sessions[0].sessionID, of: alice.userID))
            let result = try #require(try await other.revokeSessions(of: alice.userID, at: fixture.time.now()))
            #expect(result.revoked == 3)
            #expect(result.user.authEpoch == 1)
            #expect(!result.user.isSuspended)
            let record = try #require(try await one.sessionRecord(sessions[1].sessionID, of: alice.userID))
            #expect(record.refusal(at: fixture.time.now()) == .removed)
            #expect(try await one.revokeSessions(of: alice.userID, at: fixture.time.now())?.revoked == 0)
            #expect(try await one.revokeSessions(of: fixture.id(), at: fixture.time.now()) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `one session is revoked by its owner's name only`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob) = (fixture.user(), fixture.user())
            for user in [alice, bob] { try await one.createUser(user, passwordHash: "hash") }
            let (kept, ended) = (fixture.session(of: alice), fixture.session(of: alice))
            for session in [kept, ended] { try await one.createSession(session) }
            #expect(try await one.revokeSession(ended.sessionID, of: bob.userID) == false)
            #expect(try await one.sessionRecord(ended.sessionID, of: bob.userID) == nil)
            #expect(try await one.revokeSession(ended.sessionID, of: alice.userID))
            #expect(try await other.revokeSession(ended.sessionID, of: alice.userID))
            let record = try #require(try await other.sessionRecord(ended.sessionID, of: alice.userID))
            #expect(record.refusal(at: fixture.time.now()) == .revoked)
            #expect(try await other.sessions(of: alice.userID, validAt: fixture.time.now()) == [kept])
            #expect(try await other.revokeSession(fixture.id(), of: alice.userID) == false)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `sessions come newest first, are touched forwards only and expire`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            try await store.createUser(alice, passwordHash: "hash")
            let first = fixture.session(of: alice, lasting: .seconds(10))
            fixture.time.advance(by: .seconds(1))
            var second = fixture.session(of: alice)
            for session in [first, second] { try await store.createSession(session) }
            let failure = await #expect(throws: StoreError.self) { try await store.createSession(first) }
            #expect(failure?.code == .duplicateKey)
            #expect(try await store.sessions(of: alice.userID, validAt: fixture.time.now()) == [second, first])

            let stamp = try await store.sessionRecord(second.sessionID, of: alice.userID)?.stamp
            second.lastSeen = fixture.time.now().advanced(by: .seconds(5))
            try await store.touchSession(second.sessionID, of: alice.userID, at: second.lastSeen)
            try await store.touchSession(second.sessionID, of: alice.userID, at: fixture.time.now())
            try await store.touchSession(second.sessionID, of: fixture.id(), at: fixture.time.now().advanced(by: .seconds(99)))
            let touched = try #require(try await store.sessionRecord(second.sessionID, of: alice.userID))
            #expect(touched.session == second)
            #expect(touched.stamp == stamp)
            #expect(try await store.sessions(of: alice.userID, validAt: first.expiresAt) == [second])
            #expect(try await store.sessionRecord(fixture.id(), of: alice.userID) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the valid sessions of many users are counted`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let users = (0..<4).map { _ in fixture.user() }
            for (index, user) in users.enumerated() {
                try await store.createUser(user, passwordHash: "hash")
                for _ in 0..<(index + 1) { try await store.createSession(fixture.session(of: user)) }
                try await store.createSession(fixture.session(of: user, lasting: .zero))
            }
            let revoked = fixture.session(of: users[0])
            try await store.createSession(revoked)
            _ = try await store.revokeSession(revoked.sessionID, of: users[0].userID)
            _ = try await store.setSuspended(true, user: users[3].userID)
            let asked = users.map(\.userID) + [users[0].userID] + (0..<1_500).map { _ in fixture.id() }
            let counts = try await store.sessionCounts(of: asked, validAt: fixture.time.now())
            #expect(counts.filter { $0.value > 0 } == [users[0].userID: 1, users[1].userID: 2, users[2].userID: 3])
            #expect(try await store.sessionCounts(of: [], validAt: fixture.time.now()).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the audit log is paged from its newest entry`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let entries = [AuditEntry.Action.ban, .unban, .revokeAll, .revokeOne].map { action in
                AuditEntry(
                    entryID: fixture.id(),
                    action: action,
                    adminID: action == .ban ? nil : fixture.id(),
                    targetUserID: fixture.id(),
                    targetSessionID: action == .revokeOne ? fixture.id() : nil,
                    reason: action == .ban ? "spam" : nil,
                    createdAt: fixture.time.now()
                )
            }
            for entry in entries { try await one.record(entry) }
            let failure = await #expect(throws: StoreError.self) { try await one.record(entries[0]) }
            #expect(failure?.code == .duplicateKey)
            #expect(try await other.auditLog(before: nil, limit: 10) == entries.reversed())
            #expect(try await other.auditLog(before: nil, limit: 2) == [entries[3], entries[2]])
            #expect(try await other.auditLog(before: entries[2].entryID, limit: 10) == [entries[1], entries[0]])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a store says that it works`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.ping()
            try await store.selfTest()
            try await store.selfTest()
        }
    }
}
