import Actors
import TestSupport
import Testing

@Suite("Every store keeps how far a member has read")
struct StoreReadContract {
    private let fixture = Fixture()
    private let (alice, bob): (User, User)
    private let conversation: ConversationID

    init() {
        alice = fixture.user("Alice")
        bob = fixture.user("Bob")
        conversation = .direct(UserPair(alice.userID, bob.userID))
    }

    private func readSeq(_ store: any Store, _ user: User) async throws -> Int64? {
        try await store.conversations(of: user.userID, limit: 1).first?.readSeq
    }

    @Test(arguments: StoreKind.allCases)
    func `a cursor moves forward, not back and not beyond the last message`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            for _ in 0..<5 { _ = try await one.append([fixture.draft(from: alice)], to: conversation) }
            #expect(try await one.markRead(conversation, by: bob.userID, upTo: 3) == .advanced)
            #expect(try await readSeq(other, bob) == 3)
            #expect(try await other.markRead(conversation, by: bob.userID, upTo: 3) == .unchanged)
            #expect(try await other.markRead(conversation, by: bob.userID, upTo: 2) == .unchanged)
            #expect(try await other.markRead(conversation, by: bob.userID, upTo: -9) == .unchanged)
            #expect(try await other.markRead(conversation, by: bob.userID, upTo: 6) == .beyond(lastSeq: 5))
            #expect(try await other.markRead(conversation, by: bob.userID, upTo: .max) == .beyond(lastSeq: 5))
            #expect(try await readSeq(one, bob) == 3)
            #expect(try await other.markRead(conversation, by: bob.userID, upTo: 5) == .advanced)
            #expect(try await one.markRead(conversation, by: alice.userID, upTo: 5) == .unchanged)
            #expect(try await one.conversations(of: bob.userID, limit: 1).map(\.unread) == [0])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `who doesn't belong to it has no cursor`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.append([fixture.draft(from: alice)], to: conversation)
            let stranger = fixture.user()
            #expect(try await store.markRead(conversation, by: stranger.userID, upTo: 1) == .notFound)
            let unknown = ConversationID.direct(UserPair(alice.userID, alice.userID))
            #expect(try await store.markRead(unknown, by: alice.userID, upTo: 1) == .notFound)
            let name = try #require(ChannelName("general"))
            #expect(try await store.markRead(.channel(name), by: alice.userID, upTo: 1) == .notFound)
            try await store.createChannel(fixture.channel(name, by: alice))
            _ = try await store.join(name, user: alice.userID, limit: 5)
            #expect(try await store.markRead(.channel(name), by: alice.userID, upTo: 1) == .beyond(lastSeq: 0))
            #expect(try await store.markRead(.channel(name), by: alice.userID, upTo: 0) == .unchanged)
            _ = try await store.append([fixture.draft(from: bob)], to: .channel(name))
            #expect(try await store.markRead(.channel(name), by: alice.userID, upTo: 1) == .advanced)
            _ = try await store.leave(name, user: alice.userID)
            #expect(try await store.markRead(.channel(name), by: alice.userID, upTo: 1) == .notFound)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `of many cursors at once the highest stays`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            for _ in 0..<20 { _ = try await one.append([fixture.draft(from: alice)], to: conversation) }
            let outcomes = try await withThrowingTaskGroup(of: ReadOutcome.self) { group in
                for seq in (1...20).shuffled() {
                    group.addTask {
                        try await (seq.isMultiple(of: 2) ? one : other).markRead(conversation, by: bob.userID, upTo: Int64(seq))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.allSatisfy { $0 == .advanced || $0 == .unchanged })
            #expect(outcomes.contains(.advanced))
            #expect(try await readSeq(one, bob) == 20)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a cursor that moved is a change, one that followed its own message is none`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let making = try await StoreMoment.now(one, fixture)
            for _ in 0..<3 { _ = try await one.append([fixture.draft(from: alice)], to: conversation) }
            let made = try await making.memberships(other)
            #expect(Set(made.map(\.userID)) == [alice.userID, bob.userID])
            #expect(made.allSatisfy { $0.isMember && $0.conversationID == conversation })

            let sending = try await StoreMoment.now(one, fixture)
            _ = try await one.append([fixture.draft(from: alice), fixture.draft(from: bob)], to: conversation)
            #expect(try await sending.memberships(other).isEmpty)
            #expect(try await readSeq(other, alice) == 4)

            #expect(try await one.markRead(conversation, by: alice.userID, upTo: 5) == .advanced)
            let read = try await sending.memberships(other)
            #expect(read.map(\.userID) == [alice.userID])
            #expect(read.map(\.readSeq) == [5])
            let after = try await StoreMoment.now(one, fixture)
            _ = try await one.markRead(conversation, by: alice.userID, upTo: 2)
            _ = try await one.markRead(conversation, by: alice.userID, upTo: 9)
            #expect(try await after.memberships(other).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `contacts are the people of direct conversations, the ones last talked to first`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (carol, name) = (fixture.user("Carol"), try #require(ChannelName("general")))
            _ = try await store.append([fixture.draft(from: bob)], to: conversation)
            _ = try await store.append([fixture.draft(from: alice)], to: .direct(UserPair(alice.userID, alice.userID)))
            _ = try await StoreMoment.now(store, fixture)
            _ = try await store.append([fixture.draft(from: alice)], to: .direct(UserPair(alice.userID, carol.userID)))
            try await store.createChannel(fixture.channel(name, by: alice))
            for user in [alice, bob] { _ = try await store.join(name, user: user.userID, limit: 5) }
            #expect(try await store.contacts(of: alice.userID, limit: 9) == [carol.userID, bob.userID])
            #expect(try await store.contacts(of: alice.userID, limit: 1) == [carol.userID])
            #expect(try await store.contacts(of: alice.userID, limit: 0).isEmpty)
            #expect(try await store.contacts(of: bob.userID, limit: 9) == [alice.userID])
            #expect(try await store.contacts(of: fixture.id(), limit: 9).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `contacts and places that are asked for at once are each one's own`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let users = (0..<12).map { fixture.user("User\($0)") }
            for (index, user) in users.enumerated().dropFirst() {
                let direct = ConversationID.direct(UserPair(users[index - 1].userID, user.userID))
                for _ in 0..<index { _ = try await store.append([fixture.draft(from: user)], to: direct) }
            }
            try await withThrowingTaskGroup { group in
                for (index, user) in users.enumerated() {
                    let neighbours = [index - 1, index + 1].filter(users.indices.contains).map { users[$0].userID }
                    group.addTask {
                        let contacts = try await store.contacts(of: user.userID, limit: 9)
                        #expect(Set(contacts) == Set(neighbours))
                    }
                    guard index > 0 else { continue }
                    let direct = ConversationID.direct(UserPair(users[index - 1].userID, user.userID))
                    for (stamp, expected) in [(Stamp.latest, Int64(index)), (Stamp(0), 0)] {
                        group.addTask {
                            let last = try await store.lastSeq(in: direct, at: stamp)
                            #expect(last == expected)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
