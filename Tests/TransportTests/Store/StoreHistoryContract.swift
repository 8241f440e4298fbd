import Actors
import TestSupport
import Testing

@Suite("Every store pages through history and lists a user's conversations")
struct StoreHistoryContract {
    private let fixture = Fixture()

    private func direct(_ one: User, _ other: User) -> ConversationID {
        .direct(UserPair(one.userID, other.userID))
    }

    struct Page: Sendable {
        var before: Int64?
        var after: Int64?
        let limit: Int
        let expected: [Int64]
        let hasMore: Bool
    }

    static let pages: [Page] = [
        Page(limit: 3, expected: [8, 9, 10], hasMore: true),
        Page(limit: 10, expected: Array(1...10), hasMore: false),
        Page(limit: 11, expected: Array(1...10), hasMore: false),
        Page(before: 4, limit: 2, expected: [2, 3], hasMore: true),
        Page(before: 4, limit: 3, expected: [1, 2, 3], hasMore: false),
        Page(before: 1, limit: 3, expected: [], hasMore: false),
        Page(before: 99, limit: 1, expected: [10], hasMore: true),
        Page(after: 0, limit: 2, expected: [1, 2], hasMore: true),
        Page(after: 7, limit: 3, expected: [8, 9, 10], hasMore: false),
        Page(after: 10, limit: 3, expected: [], hasMore: false),
        Page(before: 6, after: 2, limit: 2, expected: [3, 4], hasMore: true),
        Page(before: 6, after: 2, limit: 3, expected: [3, 4, 5], hasMore: false),
        Page(limit: 0, expected: [], hasMore: true),
        Page(after: -5, limit: .max, expected: Array(1...10), hasMore: false),
    ]

    @Test(arguments: StoreKind.allCases)
    func `a page is ascending and says whether there is more`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = direct(alice, bob)
            _ = try await store.append((0..<10).map { _ in fixture.draft(from: alice) }, to: conversation)
            _ = try await store.append([fixture.draft(from: alice)], to: direct(alice, alice))
            for page in Self.pages {
                let found = try await store.messages(in: conversation, before: page.before, after: page.after, limit: page.limit)
                #expect(found.messages.map(\.seq) == page.expected, "\(page)")
                #expect(found.hasMore == page.hasMore, "\(page)")
            }
            let unknown = try await store.messages(in: direct(bob, bob), before: nil, after: nil, limit: 5)
            #expect(unknown == MessagePage(messages: [], hasMore: false))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `both people see a direct conversation, the newest message first`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob, carol) = (fixture.user("Alice"), fixture.user("Bob"), fixture.user("Carol"))
            for user in [alice, bob, carol] { try await one.createUser(user, passwordHash: "hash") }
            _ = try await one.append([fixture.draft(from: alice), fixture.draft(from: alice)], to: direct(alice, bob))
            _ = try await one.append([fixture.draft(from: carol)], to: direct(carol, alice))
            let last = fixture.draft(from: bob, "newest")
            _ = try await one.append([last], to: direct(alice, bob))

            let ofAlice = try await other.conversations(of: alice.userID, limit: 10)
            #expect(ofAlice.map(\.conversationID) == [direct(alice, bob), direct(alice, carol)])
            #expect(ofAlice.map(\.title) == ["Bob", "Carol"])
            #expect(ofAlice.map(\.lastSeq) == [3, 1])
            #expect(ofAlice.map(\.readSeq) == [2, 0])
            #expect(ofAlice.map(\.unread) == [1, 1])
            #expect(ofAlice.first?.lastMessage == last.message(in: direct(alice, bob), seq: 3))
            let ofBob = try await other.conversations(of: bob.userID, limit: 10)
            #expect(ofBob.map(\.title) == ["Alice"])
            #expect(ofBob.map(\.readSeq) == [3])
            #expect(try await other.conversations(of: alice.userID, limit: 1).map(\.title) == ["Bob"])
            #expect(try await other.conversations(of: fixture.id(), limit: 10).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a long list of conversations is paged through, each of them once`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user("Alice")
            try await store.createUser(alice, passwordHash: "hash")
            for _ in 0..<3 {
                _ = try await store.append([fixture.draft(from: alice)], to: .direct(UserPair(alice.userID, fixture.id())))
                let name = try #require(ChannelName("c\(fixture.id(UserID.self).low)"))
                try await store.createChannel(fixture.channel(name, by: alice))
                _ = try await store.join(name, user: alice.userID, limit: 100)
            }
            let all = try await store.conversations(of: alice.userID, after: nil, limit: 6)
            #expect(all.conversations.count == 6)
            #expect(all.next == nil)
            let first = try await store.conversations(of: alice.userID, after: nil, limit: 2)
            #expect(first.conversations == Array(all.conversations[0..<2]))
            let second = try await store.conversations(of: alice.userID, after: first.next, limit: 2)
            #expect(second.conversations == Array(all.conversations[2..<4]))
            // One that has been shown, and one that is still to come, move to the top.
            for index in [1, 4] { _ = try await store.append([fixture.draft(from: alice)], to: all.conversations[index].conversationID) }
            let last = try await store.conversations(of: alice.userID, after: second.next, limit: 2)
            #expect(last.conversations == [all.conversations[5]])
            #expect(last.next == nil)
            let place = try #require(second.next)
            #expect(ConversationPosition(place.description) == place)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a conversation with oneself has one membership and is read`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user("Alice")
            try await store.createUser(alice, passwordHash: "hash")
            _ = try await store.append([fixture.draft(from: alice)], to: direct(alice, alice))
            let list = try await store.conversations(of: alice.userID, limit: 10)
            #expect(list.map(\.title) == ["Alice"])
            #expect(list.map(\.unread) == [0])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a channel's messages make nobody a member`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            let channel = ConversationID.channel(try #require(ChannelName("general")))
            let draft = fixture.draft(from: alice)
            #expect(try await store.append([draft], to: channel) == [.stored(draft.message(in: channel, seq: 1))])
            #expect(try await store.messages(in: channel, before: nil, after: nil, limit: 5).messages.count == 1)
            #expect(try await store.conversations(of: alice.userID, limit: 10).isEmpty)
        }
    }
}
