import Actors
import TestSupport
import Testing

@Suite("Every store tells what changed since a stamp")
struct StoreChangeContract {
    private let fixture = Fixture()

    private func direct(_ one: User, _ other: User) -> ConversationID {
        .direct(UserPair(one.userID, other.userID))
    }

    private func append(_ count: Int, to conversation: ConversationID, by user: User, _ store: any Store) async throws {
        for _ in 0..<count { _ = try await store.append([fixture.draft(from: user)], to: conversation) }
    }

    @Test(arguments: StoreKind.allCases)
    func `the watermark never falls and hides nothing that comes later`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            #expect(try await one.watermark() == Stamp(0))
            var last = Stamp(0)
            for _ in 0..<5 {
                try await append(1, to: direct(alice, alice), by: alice, one)
                let watermark = try await other.watermark()
                #expect(watermark >= last)
                last = watermark
                try await append(1, to: direct(alice, alice), by: alice, one)
                let changes = try await other.allChangedConversations(after: watermark)
                #expect(changes.map(\.conversationID) == [direct(alice, alice)])
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `conversations come in the order of their stamps, page by page until none is left`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            let conversations = (0..<7).map { _ in direct(alice, fixture.user()) }
            for conversation in conversations { try await append(2, to: conversation, by: alice, one) }
            for limit in [1, 2, 3, 7, 100] {
                let found = try await other.allPages(after: Stamp(0)) { try await other.changedConversations(after: $0, limit: limit) }
                #expect(Set(found.map(\.conversationID)) == Set(conversations))
                #expect(found.count == 7)
                #expect(found.map(\.stamp) == found.map(\.stamp).sorted())
                #expect(found.allSatisfy { $0.lastSeq == 2 })
            }
            let page = try await other.changedConversations(after: ChangePosition(stamp: Stamp(0)), limit: 7)
            #expect(page.next == nil)
            let last = try #require(page.changes.last)
            #expect(try await other.changedConversations(after: ChangePosition(stamp: last.stamp), limit: 7).changes.isEmpty)
            let far = ChangePosition(stamp: Stamp(.max))
            #expect(try await other.changedConversations(after: far, limit: 7).changes.isEmpty)

            let moment = try await StoreMoment.now(one, fixture)
            try await append(1, to: conversations[3], by: alice, one)
            let found = try await moment.conversations(other)
            #expect(found.map(\.conversationID) == [conversations[3]])
            #expect(found.map(\.lastSeq) == [3])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `memberships of one stamp are all in the pages`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            let others = (0..<4).map { _ in fixture.user() }
            for other in others { try await append(1, to: direct(alice, other), by: alice, store) }
            for limit in [1, 3, 100] {
                let found = try await store.allPages(after: Stamp(0)) { try await store.changedMemberships(after: $0, limit: limit) }
                #expect(found.count == 8)
                #expect(Set(found.map { "\($0.userID) \($0.conversationID)" }).count == 8)
                #expect(found.filter { $0.userID == alice.userID }.count == 4)
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `bans and revocations are told as they are now`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let users = (0..<4).map { _ in fixture.user() }
            for user in users { try await one.createUser(user, passwordHash: "hash") }
            let sessions = users.map { fixture.session(of: $0) }
            for session in sessions { try await one.createSession(session) }
            #expect(try await other.kickedUsers(after: ChangePosition(stamp: Stamp(0)), limit: 9).changes.isEmpty)
            #expect(try await other.kickedSessions(after: ChangePosition(stamp: Stamp(0)), limit: 9).changes.isEmpty)

            _ = try await one.setSuspended(true, user: users[0].userID)
            _ = try await one.setSuspended(true, user: users[1].userID)
            _ = try await one.setSuspended(false, user: users[1].userID)
            _ = try await one.revokeSessions(of: users[2].userID, at: fixture.time.now())
            let kicked = try await other.allPages(after: Stamp(0)) { try await other.kickedUsers(after: $0, limit: 1) }
            let byUser = Dictionary(kicked.map { ($0.userID, $0) }) { first, _ in first }
            #expect(kicked.count == 3)
            #expect(users.map { byUser[$0.userID]?.isSuspended } == [true, false, false, nil])
            #expect(users.map { byUser[$0.userID]?.authEpoch } == [1, 1, 1, nil])

            for session in sessions.dropFirst(2) { _ = try await one.revokeSession(session.sessionID, of: session.userID) }
            let ended = try await other.allPages(after: Stamp(0)) { try await other.kickedSessions(after: $0, limit: 1) }
            #expect(Set(ended.map(\.sessionID)) == Set(sessions.dropFirst(2).map(\.sessionID)))
            #expect(Set(ended.map(\.userID)) == Set(sessions.dropFirst(2).map(\.userID)))

            let moment = try await StoreMoment.now(one, fixture)
            let position = ChangePosition(stamp: moment.stamp)
            #expect(try await other.kickedUsers(after: position, limit: 9).changes.isEmpty)
            #expect(try await other.kickedSessions(after: position, limit: 9).changes.isEmpty)
            _ = try await one.setSuspended(true, user: users[1].userID)
            _ = try await one.revokeSession(sessions[0].sessionID, of: users[0].userID)
            #expect(try await other.kickedUsers(after: position, limit: 9).changes.map(\.authEpoch) == [2])
            #expect(try await other.kickedSessions(after: position, limit: 9).changes.map(\.sessionID) == [sessions[0].sessionID])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `messages of many conversations are bounded in each and in all`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let alice = fixture.user()
            let conversations = (0..<4).map { _ in direct(alice, fixture.user()) }.sorted { $0.description < $1.description }
            for conversation in conversations { try await append(5, to: conversation, by: alice, one) }
            func read(_ after: [ConversationID: Int64], each: Int, limit: Int) async throws -> [String] {
                try await other.messages(after: after, each: each, limit: limit).map { message in
                    let place = conversations.firstIndex(of: message.conversationID) ?? -1
                    return "\(place):\(message.seq)"
                }
            }
            let all = Dictionary(uniqueKeysWithValues: conversations.map { ($0, Int64(2)) })
            #expect(try await read(all, each: 2, limit: 99) == (0..<4).flatMap { ["\($0):3", "\($0):4"] })
            #expect(try await read(all, each: 99, limit: 4) == ["0:3", "0:4", "0:5", "1:3"])
            #expect(try await read(all, each: 1, limit: 99) == (0..<4).map { "\($0):3" })
            #expect(
                try await read([conversations[1]: 4, conversations[2]: 5, conversations[3]: -3], each: 2, limit: 9) == [
                    "1:5", "3:1", "3:2",
                ]
            )
            #expect(try await read([conversations[1]: .max, direct(alice, alice): 0], each: 9, limit: 9).isEmpty)
            #expect(try await read([conversations[1]: 0], each: .max, limit: .max).count == 5)
            #expect(try await read([:], each: 9, limit: 9).isEmpty)
            #expect(try await read(all, each: 0, limit: 9).isEmpty)
            #expect(try await read(all, each: 9, limit: 0).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a thousand conversations are asked for at once`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            var cursors: [ConversationID: Int64] = [:]
            for _ in 0..<1_000 { cursors[direct(alice, fixture.user())] = 0 }
            let real = Array(cursors.keys.prefix(3))
            for conversation in real { try await append(2, to: conversation, by: alice, store) }
            #expect(try await store.messages(after: cursors, each: 1, limit: 10).count == 3)
            #expect(try await store.missed(by: alice.userID, cursors: cursors, since: nil).conversations.count == 3)
            _ = try await store.delete(
                try #require(try await store.newest(in: real[0])).messageID,
                in: real[0],
                by: alice.userID,
                at: fixture.time.now()
            )
            #expect(try await store.updatedMessages(in: Array(cursors.keys), after: .beginning, limit: 9).changes.count == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `without a stamp only what was named is missed`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob, carol) = (fixture.user(), fixture.user(), fixture.user())
            for friend in [bob, carol] { try await append(3, to: direct(alice, friend), by: friend, one) }
            func missed(_ cursors: [ConversationID: Int64]) async throws -> [MissedConversation] {
                try await other.missed(by: alice.userID, cursors: cursors, since: nil).conversations
            }
            let ofBob = direct(alice, bob)
            #expect(try await missed([ofBob: 1]) == [MissedConversation(conversationID: ofBob, after: 1, lastSeq: 3)])
            #expect(try await missed([ofBob: -1]) == [MissedConversation(conversationID: ofBob, after: 0, lastSeq: 3)])
            #expect(try await missed([ofBob: 3]).isEmpty)
            #expect(try await missed([ofBob: .max]).isEmpty)
            #expect(try await missed([direct(alice, alice): 0]).isEmpty)
            #expect(try await missed([:]).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `with a stamp the others begin where they were at the stamp`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob, carol, dave) = (fixture.user(), fixture.user(), fixture.user(), fixture.user())
            try await append(7, to: direct(alice, bob), by: bob, one)
            try await append(2, to: direct(alice, carol), by: carol, one)
            let moment = try await StoreMoment.now(one, fixture)
            func missed(_ cursors: [ConversationID: Int64] = [:]) async throws -> Set<MissedConversation> {
                try await Set(other.missed(by: alice.userID, cursors: cursors, since: moment.stamp).conversations)
            }
            #expect(try await missed().isEmpty)
            try await append(4, to: direct(alice, bob), by: bob, one)
            try await append(1, to: direct(alice, dave), by: dave, one)
            try await append(1, to: direct(bob, dave), by: dave, one)
            let ofBob = MissedConversation(conversationID: direct(alice, bob), after: 7, lastSeq: 11)
            let ofDave = MissedConversation(conversationID: direct(alice, dave), after: 0, lastSeq: 1)
            #expect(try await missed() == [ofBob, ofDave])
            let named = MissedConversation(conversationID: direct(alice, bob), after: 2, lastSeq: 11)
            #expect(try await missed([direct(alice, bob): 2]) == [named, ofDave])
            #expect(try await missed([direct(alice, bob): 11, direct(alice, dave): 1]).isEmpty)
            // An edit is no message.
            let ofCarol = try #require(try await one.newest(in: direct(alice, carol)))
            _ = try await one.edit(ofCarol.messageID, in: direct(alice, carol), by: carol.userID, content: "x", at: fixture.time.now())
            #expect(try await missed() == [ofBob, ofDave])
        }
    }

    /// Deliveries that begin where `lastSeq` says and a `SYNC` that brings what `missed` says leave nothing out between them.
    @Test(arguments: StoreKind.allCases)
    func `deliveries begin where what is missed ends`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = direct(alice, bob)
            let beginning = try await StoreMoment.now(one, fixture)
            #expect(try await other.lastSeq(in: conversation, at: .latest) == 0)
            try await append(3, to: conversation, by: bob, one)
            let moment = try await StoreMoment.now(one, fixture)
            try await append(2, to: conversation, by: bob, one)
            for (stamp, after) in [(beginning.stamp, Int64(0)), (moment.stamp, 3)] {
                #expect(try await other.lastSeq(in: conversation, at: stamp) == after)
                let missed = MissedConversation(conversationID: conversation, after: after, lastSeq: 5)
                #expect(try await other.missed(by: alice.userID, cursors: [:], since: stamp).conversations == [missed])
            }
            #expect(try await other.lastSeq(in: conversation, at: .latest) == 5)
            #expect(try await other.missed(by: alice.userID, cursors: [conversation: 5], since: beginning.stamp).conversations.isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `of a channel only what came since the joining is missed`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob, general) = (fixture.user(), fixture.user(), try #require(ChannelName("general")))
            let channel = ConversationID.channel(general)
            try await one.createChannel(fixture.channel(general, by: bob))
            let before = try await StoreMoment.now(one, fixture)
            try await append(3, to: channel, by: bob, one)
            func missed(_ moment: StoreMoment, _ cursors: [ConversationID: Int64] = [:]) async throws -> [MissedConversation] {
                try await other.missed(by: alice.userID, cursors: cursors, since: moment.stamp).conversations
            }
            #expect(try await missed(before).isEmpty)
            _ = try await one.join(general, user: alice.userID, limit: 5)
            #expect(try await missed(before).isEmpty)
            try await append(2, to: channel, by: bob, one)
            _ = try await one.markRead(channel, by: alice.userID, upTo: 5)
            #expect(try await missed(before) == [MissedConversation(conversationID: channel, after: 3, lastSeq: 5)])
            #expect(try await missed(before, [channel: 1]) == [MissedConversation(conversationID: channel, after: 1, lastSeq: 5)])
            let joined = try await StoreMoment.now(one, fixture)
            try await append(1, to: channel, by: bob, one)
            #expect(try await missed(joined) == [MissedConversation(conversationID: channel, after: 5, lastSeq: 6)])
            _ = try await one.leave(general, user: alice.userID)
            try await append(1, to: channel, by: bob, one)
            #expect(try await missed(before).isEmpty)
            #expect(try await other.joinedSeq(of: alice.userID, in: general) == nil)
            _ = try await one.join(general, user: alice.userID, limit: 5)
            try await append(1, to: channel, by: bob, one)
            #expect(try await missed(before) == [MissedConversation(conversationID: channel, after: 7, lastSeq: 8)])
            #expect(try await other.joinedSeq(of: alice.userID, in: general) == 7)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `updates are of the user's conversations, with its own cursors and those of people it talks to directly`(
        kind: StoreKind
    ) async throws {
        try await kind.withPair { one, other in
            let (alice, bob, carol) = (fixture.user(), fixture.user(), fixture.user())
            let general = try #require(ChannelName("general"))
            try await one.createChannel(fixture.channel(general, by: bob))
            for user in [alice, bob] { _ = try await one.join(general, user: user.userID, limit: 5) }
            let places = [direct(alice, bob), direct(bob, carol), .channel(general)]
            var messages: [Message] = []
            for place in places {
                try await append(2, to: place, by: bob, one)
                messages.append(try #require(try await one.newest(in: place)))
            }
            func updates(_ moment: StoreMoment, of user: User, limit: Int = 9) async throws -> (messages: [Message], reads: [ReadCursor]) {
                let page = try await other.updates(for: user.userID, after: UpdatesPosition(after: moment.stamp), limit: limit)
                return (page.messages.changes, page.reads.changes)
            }
            let moment = try await StoreMoment.now(one, fixture)
            let none = try await updates(moment, of: alice)
            #expect(none.messages.isEmpty && none.reads.isEmpty)
            for message in messages {
                let (place, now) = (message.conversationID, fixture.time.now())
                _ = try await one.edit(message.messageID, in: place, by: bob.userID, content: "edited", at: now)
                for user in [alice, carol] { _ = try await one.markRead(place, by: user.userID, upTo: 1) }
            }
            let ofBob = try await updates(moment, of: bob)
            #expect(Set(ofBob.messages.map(\.conversationID)) == Set(places))
            #expect(ofBob.messages.allSatisfy { $0.content == "edited" })
            let read: Set = [
                ReadCursor(conversationID: places[0], userID: alice.userID, seq: 1),
                ReadCursor(conversationID: places[1], userID: carol.userID, seq: 1),
            ]
            #expect(Set(ofBob.reads) == read)
            let first = try await updates(moment, of: bob, limit: 1)
            #expect(first.messages.count == 1 && first.reads.count == 1)
            let ofAlice = try await updates(moment, of: alice)
            #expect(Set(ofAlice.messages.map(\.conversationID)) == [places[0], places[2]])
            let own = [places[0], places[2]].map { ReadCursor(conversationID: $0, userID: alice.userID, seq: 1) }
            #expect(Set(ofAlice.reads) == Set(own))
            _ = try await one.leave(general, user: alice.userID)
            #expect(try await updates(moment, of: alice).messages.map(\.conversationID) == [places[0]])
            #expect(try await updates(moment, of: alice).reads == [own[0]])
            let later = try await StoreMoment.now(one, fixture)
            #expect(try await updates(later, of: bob).messages.isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the watermark that comes with what was missed leaves no gap`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = direct(alice, bob)
            var seen: [ConversationID: Int64] = [:]
            var stamp = Stamp(0)
            let writing = Task {
                for _ in 0..<30 { try await append(1, to: conversation, by: bob, one) }
            }
            while seen[conversation, default: 0] < 30 {
                let missed = try await other.missed(by: alice.userID, cursors: [:], since: stamp)
                for found in missed.conversations {
                    #expect(found.after <= seen[found.conversationID, default: 0])
                    seen[found.conversationID] = found.lastSeq
                }
                #expect(missed.watermark >= stamp)
                stamp = missed.watermark
            }
            try await writing.value
        }
    }
}
