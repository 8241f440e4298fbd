import Actors
import GRDB
import TestSupport
import Testing
import Transport

@Suite("SQLite is asked seldom, and finds what it is asked for by an index")
struct SQLiteQueryTests {
    private let fixture = Fixture()

    /// Runs `body` on a filled store.
    ///
    /// - Returns: the statements that it ran.
    private func statements(of body: (SQLiteStore, User) async throws -> Void) async throws -> (run: [String], plans: [String]) {
        try await StoreDirectory.with { directory in
            let path = directory.path("store.db")
            let trace = Recorder<String>()
            let store = try await SQLiteStore.open(path: path) { trace.append($0) }
            let alice = fixture.user()
            try await fill(store, alice)
            let before = trace.elements.count
            try await body(store, alice)
            // What a new connection reads of the schema is no query of the store's.
            let run = trace.elements.dropFirst(before).filter { !$0.contains("sqlite_") }
            await store.close()
            let plans = try await DatabaseQueue(path: path).read { db in
                try run.filter { $0.contains("FROM") || $0.hasPrefix("UPDATE") }.flatMap { sql in
                    let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
                    // What it is planned for are any values: they needn't be given.
                    statement.setUncheckedArguments([])
                    return try Row.fetchAll(statement).map { $0["detail"] as String }
                }
            }
            return (run, plans)
        }
    }

    private func fill(_ store: SQLiteStore, _ alice: User) async throws {
        for index in 0..<20 {
            let name = try #require(ChannelName("channel-\(index)"))
            try await store.createChannel(fixture.channel(name, by: alice))
            _ = try await store.join(name, user: alice.userID, limit: 100)
            _ = try await store.append([fixture.draft(from: alice)], to: .channel(name))
            _ = try await store.append([fixture.draft(from: alice)], to: .direct(UserPair(alice.userID, fixture.id())))
        }
    }

    @Test
    func `a user's conversations are one query, however many they are`() async throws {
        let (run, plans) = try await statements { store, alice in
            let listed = try await store.conversations(of: alice.userID, limit: 100)
            #expect(listed.count == 40)
        }
        #expect(run.count { $0.contains("FROM") } == 1)
        #expect(scans(plans).isEmpty, "\(plans)")
    }

    @Test
    func `what was missed, messages and updates of many conversations are one query each`() async throws {
        let (run, plans) = try await statements { store, alice in
            let ids = try await store.conversations(of: alice.userID, limit: 100).map(\.conversationID)
            let cursors = Dictionary(uniqueKeysWithValues: ids.prefix(10).map { ($0, Int64(0)) })
            #expect(try await store.missed(by: alice.userID, cursors: cursors, since: Stamp(1)).conversations.count == 40)
            #expect(try await store.messages(after: cursors, each: 5, limit: 50).count == 10)
            #expect(try await store.updatedMessages(in: ids, after: .beginning, limit: 50).changes.isEmpty)
            let updates = try await store.updates(for: alice.userID, after: UpdatesPosition(after: Stamp(0)), limit: 50)
            #expect(updates.messages.changes.isEmpty)
        }
        #expect(run.count { $0.contains("FROM") } == 6)
        #expect(scans(plans).isEmpty, "\(plans)")
    }

    /// As of writes that came together.
    @Test
    func `changes of one stamp are paged by their ids`() async throws {
        try await StoreDirectory.with { directory in
            let path = directory.path("store.db")
            let store = try await SQLiteStore.open(path: path)
            let (alice, bob) = (fixture.user(), fixture.user())
            let place = ConversationID.direct(UserPair(alice.userID, bob.userID))
            var ids: [MessageID] = []
            for outcome in try await store.append((0..<12).map { _ in fixture.draft(from: alice) }, to: place) {
                guard case .stored(let message) = outcome else { continue }
                _ = try await store.edit(message.messageID, in: place, by: alice.userID, content: "x", at: fixture.time.now())
                ids.append(message.messageID)
            }
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in
                let stamp = try Int64.fetchOne(db, sql: "SELECT stamp FROM counter")
                try db.execute(sql: "UPDATE messages SET updated_stamp = ?", arguments: [stamp])
            }
            try queue.close()
            for limit in [1, 5, 12] {
                let pages = try await store.allPages(after: Stamp(0)) {
                    try await store.updatedMessages(in: [place], after: $0, limit: limit)
                }
                #expect(pages.map(\.messageID) == ids.sorted())
                #expect(try await store.allUpdates(for: bob.userID, limit: limit).messages == pages)
            }
            await store.close()
        }
    }

    @Test
    func `the reconciler's queries use the indexes of stamps and sort nothing`() async throws {
        let (run, plans) = try await statements { store, _ in
            for position in [ChangePosition(stamp: Stamp(3)), ChangePosition(stamp: Stamp(0))] {
                _ = try await store.changedConversations(after: position, limit: 5)
                _ = try await store.changedMemberships(after: position, limit: 5)
                _ = try await store.kickedUsers(after: position, limit: 5)
                _ = try await store.kickedSessions(after: position, limit: 5)
            }
        }
        #expect(run.count { $0.contains("FROM") } == 8)
        #expect(scans(plans).isEmpty, "\(plans)")
        #expect(!plans.contains { $0.contains("TEMP B-TREE") }, "\(plans)")
        for index in ["conversations_stamp", "memberships_stamp", "users_kick", "sessions_kick"] {
            #expect(plans.contains { $0.contains(index) }, "\(index)")
        }
    }

    @Test
    func `channels, members, cursors and changes of messages are found by an index`() async throws {
        let (_, plans) = try await statements { store, alice in
            let name = try #require(ChannelName("channel-1"))
            let message = try #require(try await store.newest(in: .channel(name)))
            _ = try await store.channel(name)
            _ = try await store.channels(after: name, limit: 5)
            _ = try await store.members(of: name, after: alice.userID, limit: 5)
            _ = try await store.channels(of: alice.userID)
            _ = try await store.isMember(alice.userID, of: name)
            _ = try await store.join(name, user: alice.userID, limit: 5)
            _ = try await store.join(name, user: fixture.id(), limit: 5)
            _ = try await store.markRead(.channel(name), by: alice.userID, upTo: 1)
            _ = try await store.contacts(of: alice.userID, limit: 5)
            _ = try await store.edit(message.messageID, in: .channel(name), by: alice.userID, content: "x", at: fixture.time.now())
            _ = try await store.leave(name, user: alice.userID)
            _ = try await store.lastSeq(in: .channel(name), at: Stamp(5))
        }
        #expect(scans(plans).isEmpty, "\(plans)")
        #expect(plans.contains { $0.contains("memberships_members") })
    }

    private func scans(_ plans: [String]) -> [String] {
        let tables = ["conversations", "messages", "memberships", "channels", "users", "sessions"]
        return plans.filter { plan in tables.contains { plan == "SCAN \($0)" || plan.hasPrefix("SCAN \($0) ") } }
    }
}
