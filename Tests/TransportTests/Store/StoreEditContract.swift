import Actors
import TestSupport
import Testing

@Suite("Every store edits, deletes and takes reactions, and still knows what was sent")
struct StoreEditContract {
    private let fixture = Fixture()
    private let (alice, bob): (User, User)
    private let conversation: ConversationID

    init() {
        alice = fixture.user("Alice")
        bob = fixture.user("Bob")
        conversation = .direct(UserPair(alice.userID, bob.userID))
    }

    private func edit(_ store: any Store, _ message: Message, _ content: String, by user: User? = nil) async throws -> ChangeOutcome {
        let author = (user ?? alice).userID
        return try await store.edit(message.messageID, in: conversation, by: author, content: content, at: fixture.time.now())
    }

    private func delete(_ store: any Store, _ message: Message, by user: User? = nil) async throws -> ChangeOutcome {
        try await store.delete(message.messageID, in: conversation, by: (user ?? alice).userID, at: fixture.time.now())
    }

    private func react(
        _ store: any Store,
        _ message: Message,
        _ emoji: String,
        adds: Bool = true,
        by user: UserID
    ) async throws -> ChangeOutcome {
        try await store.react(message.messageID, in: conversation, by: user, emoji: emoji, adds: adds)
    }

    @Test(arguments: StoreKind.allCases)
    func `an edit is seen wherever the message is read`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let draft = fixture.draft(from: alice, "first")
            let message = try await one.stored(draft, in: conversation)
            fixture.time.advance(by: .seconds(1))
            let edited = try #require(try await edit(one, message, "second").changed)
            #expect(edited.content == "second")
            #expect(edited.editedAt == fixture.time.now())
            #expect(edited.deletedAt == nil)
            #expect(edited.rev == 1)
            #expect((edited.seq, edited.createdAt) == (message.seq, message.createdAt))
            #expect(try await other.newest(in: conversation) == edited)
            #expect(try await other.append([draft], to: conversation) == [.duplicate(edited)])
            #expect(try await other.conversations(of: bob.userID, limit: 5).first?.lastMessage == edited)
            #expect(try await other.messages(after: [conversation: 0], each: 5, limit: 5) == [edited])
            #expect(try await other.updatedMessages(in: [conversation], after: .beginning, limit: 5).changes == [edited])
            #expect(try await edit(other, message, "second") == .unchanged(edited))
            #expect(try await edit(other, message, "third").changed?.rev == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a message is changed by its author in its conversation only`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let message = try await store.stored(fixture.draft(from: alice), in: conversation)
            #expect(try await edit(store, message, "x", by: bob) == .notAuthor)
            #expect(try await delete(store, message, by: bob) == .notAuthor)
            let elsewhere = ConversationID.direct(UserPair(alice.userID, alice.userID))
            let now = fixture.time.now()
            for place in [elsewhere, .channel(try #require(ChannelName("none")))] {
                _ = try await store.append([fixture.draft(from: alice)], to: elsewhere)
                #expect(try await store.edit(message.messageID, in: place, by: alice.userID, content: "x", at: now) == .notFound)
                #expect(try await store.delete(message.messageID, in: place, by: alice.userID, at: now) == .notFound)
                #expect(try await store.react(message.messageID, in: place, by: alice.userID, emoji: "👍", adds: true) == .notFound)
            }
            #expect(try await store.edit(fixture.id(), in: conversation, by: alice.userID, content: "x", at: now) == .notFound)
            #expect(try await store.newest(in: conversation) == message)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a deletion empties the message for good`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let message = try await one.stored(fixture.draft(from: alice, "secret"), in: conversation)
            _ = try await react(one, message, "👍", by: bob.userID)
            fixture.time.advance(by: .seconds(1))
            let deleted = try #require(try await delete(one, message).changed)
            #expect(deleted.content.isEmpty)
            #expect(deleted.reactions == Reactions())
            #expect(deleted.deletedAt == fixture.time.now())
            #expect(deleted.rev == 2)
            fixture.time.advance(by: .seconds(1))
            #expect(try await delete(other, message) == .unchanged(deleted))
            #expect(try await edit(other, message, "back") == .deleted)
            #expect(try await react(other, message, "👍", by: bob.userID) == .deleted)
            #expect(try await react(other, message, "👍", adds: false, by: bob.userID) == .deleted)
            #expect(try await other.newest(in: conversation) == deleted)
            #expect(try await other.conversations(of: alice.userID, limit: 1).first?.lastMessage == deleted)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a repeated send is judged by what was sent first`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let draft = fixture.draft(from: alice, "original")
            let message = try await one.stored(draft, in: conversation)
            let key = draft.clientMessageID
            for content in ["edited", "edited again", ""] {
                let changed = try await content.isEmpty ? delete(one, message).changed : edit(one, message, content).changed
                let now = try #require(changed)
                let again = fixture.draft(from: alice, "original", clientMessageID: key)
                #expect(try await other.append([again], to: conversation) == [.duplicate(now)])
                #expect(try await other.append([again, fixture.draft(from: bob)], to: conversation).first == .duplicate(now))
                for wrong in [content, "other"] {
                    let draft = fixture.draft(from: alice, wrong, clientMessageID: key)
                    #expect(try await other.append([draft], to: conversation) == [.conflict])
                }
                let elsewhere = ConversationID.direct(UserPair(alice.userID, alice.userID))
                #expect(try await other.append([again], to: elsewhere) == [.conflict])
            }
            let back = fixture.draft(from: bob, "a", clientMessageID: key)
            let ofBob = try await one.stored(back, in: conversation)
            _ = try await edit(one, ofBob, "b", by: bob)
            let restored = try #require(try await edit(one, ofBob, "a", by: bob).changed)
            #expect(try await other.append([back], to: conversation) == [.duplicate(restored)])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `reactions keep their order, count each user once and are bounded`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let message = try await one.stored(fixture.draft(from: alice, "text"), in: conversation)
            _ = try await react(one, message, "👍", by: bob.userID)
            _ = try await react(other, message, "🎉", by: alice.userID)
            let third = try await react(one, message, "👍", by: alice.userID)
            let both = Reactions([
                Reaction(emoji: "👍", userIDs: [bob.userID, alice.userID]), Reaction(emoji: "🎉", userIDs: [alice.userID]),
            ])
            #expect(third.changed?.reactions == both)
            #expect(third.changed?.content == "text")
            #expect(third.changed?.editedAt == nil)
            let now = try #require(try await other.newest(in: conversation))
            #expect(now.reactions == both)
            #expect(try await react(other, message, "👍", by: alice.userID) == .unchanged(now))
            #expect(try await react(other, message, "👎", adds: false, by: alice.userID) == .unchanged(now))
            let removed = try await react(other, message, "👍", adds: false, by: bob.userID)
            #expect(removed.changed?.reactions.list.first == Reaction(emoji: "👍", userIDs: [alice.userID]))
            #expect(try await react(other, message, "🎉", adds: false, by: alice.userID).changed?.reactions.list.count == 1)
            #expect(try await edit(one, message, "new").changed?.reactions.list.count == 1)
            #expect(try await one.newest(in: conversation)?.rev == 6)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `no message holds more reactions than it may`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let message = try await store.stored(fixture.draft(from: alice), in: conversation)
            for _ in 0..<Reactions.limit { _ = try await react(store, message, "👍", by: fixture.id()) }
            #expect(try await react(store, message, "🎉", by: bob.userID) == .tooManyReactions)
            #expect(try await store.newest(in: conversation)?.rev == Int64(Reactions.limit))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `of many reactions at once none is lost`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let message = try await one.stored(fixture.draft(from: alice), in: conversation)
            let users = (0..<24).map { _ in fixture.id(UserID.self) }
            let outcomes = try await withThrowingTaskGroup(of: ChangeOutcome.self) { group in
                for (index, user) in users.enumerated() {
                    let emoji = index.isMultiple(of: 3) ? "👍" : "🎉"
                    group.addTask { try await react(index.isMultiple(of: 2) ? one : other, message, emoji, by: user) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(outcomes.compactMap(\.changed?.rev)) == Set(1...24))
            let found = try #require(try await other.newest(in: conversation))
            #expect(found.rev == 24)
            #expect(Set(found.reactions.list.flatMap(\.userIDs)) == Set(users))
            #expect(found.reactions.list.reduce(0) { $0 + $1.userIDs.count } == 24)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a race of edits and a deletion ends deleted`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let message = try await one.stored(fixture.draft(from: alice), in: conversation)
            let outcomes = try await withThrowingTaskGroup(of: ChangeOutcome.self) { group in
                for index in 0..<6 {
                    group.addTask { try await edit(index.isMultiple(of: 2) ? one : other, message, "edit \(index)") }
                }
                for store in [one, other] { group.addTask { try await delete(store, message) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let found = try #require(try await one.newest(in: conversation))
            #expect(found.deletedAt != nil)
            #expect(found.content.isEmpty)
            let revs = outcomes.compactMap(\.changed?.rev)
            #expect(revs.sorted() == Array(1...found.rev))
            #expect(outcomes.count { $0.changed?.deletedAt != nil } == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `each change raises the conversation's stamp and the message's`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let message = try await one.stored(fixture.draft(from: alice), in: conversation)
            let later = try await one.stored(fixture.draft(from: bob), in: conversation)
            let changes: [(any Store) async throws -> ChangeOutcome] = [
                { try await edit($0, message, "edited") },
                { try await react($0, message, "👍", by: bob.userID) },
                { try await react($0, message, "👍", adds: false, by: bob.userID) },
                { try await delete($0, message) },
            ]
            for change in changes {
                let moment = try await StoreMoment.now(one, fixture)
                #expect(try await other.updatedMessages(in: [conversation], after: moment.position, limit: 5).changes.isEmpty)
                #expect(try await moment.conversations(other).isEmpty)
                let changed = try #require(try await change(one).changed)
                #expect(try await other.updatedMessages(in: [conversation], after: moment.position, limit: 5).changes == [changed])
                let found = try await moment.conversations(other)
                #expect(found.map(\.conversationID) == [conversation])
                #expect(found.map(\.lastSeq) == [2])
                #expect(try await other.lastSeq(in: conversation, at: moment.stamp) == 2)
            }
            #expect(try await other.newest(in: conversation) == later)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `updates come in the order in which they were made, of the asked conversations only`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let elsewhere = ConversationID.direct(UserPair(alice.userID, alice.userID))
            var messages: [Message] = []
            for _ in 0..<3 { messages.append(try await store.stored(fixture.draft(from: alice), in: conversation)) }
            let other = try await store.stored(fixture.draft(from: alice), in: elsewhere)
            _ = try await store.delete(other.messageID, in: elsewhere, by: alice.userID, at: fixture.time.now())
            _ = try await edit(store, messages[2], "first")
            _ = try await StoreMoment.now(store, fixture)
            _ = try await edit(store, messages[0], "second")
            func updated(_ conversations: [ConversationID], limit: Int = 9) async throws -> [MessageID] {
                try await store.updatedMessages(in: conversations, after: .beginning, limit: limit).changes.map(\.messageID)
            }
            #expect(try await updated([conversation]) == [messages[2].messageID, messages[0].messageID])
            #expect(try await updated([conversation, conversation], limit: 1) == [messages[2].messageID])
            #expect(try await Set(updated([conversation, elsewhere])).count == 3)
            #expect(try await updated([]).isEmpty)
        }
    }

    /// Where a store counts in seconds, all of them have one stamp.
    @Test(arguments: StoreKind.allCases)
    func `updates come page by page, each once`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let elsewhere = ConversationID.direct(UserPair(alice.userID, fixture.id()))
            var edited: Set<MessageID> = []
            for place in [conversation, elsewhere] {
                for outcome in try await store.append((0..<8).map { _ in fixture.draft(from: alice) }, to: place) {
                    guard case .stored(let message) = outcome else { continue }
                    _ = try await store.edit(message.messageID, in: place, by: alice.userID, content: "x", at: fixture.time.now())
                    edited.insert(message.messageID)
                }
                _ = try await store.markRead(place, by: bob.userID, upTo: 8)
            }
            for limit in [1, 3, 16] {
                let pages = try await store.allPages(after: Stamp(0)) {
                    try await store.updatedMessages(in: [conversation, elsewhere], after: $0, limit: limit)
                }
                #expect(pages.count == 16)
                #expect(Set(pages.map(\.messageID)) == edited)
                let (messages, reads) = try await store.allUpdates(for: alice.userID, limit: limit)
                #expect(messages == pages)
                #expect(reads.count == 3)
                #expect(Set(reads.map(\.userID)) == [alice.userID, bob.userID])
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `edits and reactions are text whatever they look like`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let message = try await one.stored(fixture.draft(from: alice, "start"), in: conversation)
            for (index, text) in StoreTextContract.texts.enumerated() {
                _ = try await edit(one, message, text)
                let found = try #require(try await other.newest(in: conversation))
                #expect(Array(found.content.utf8) == Array(text.utf8))
                let user = fixture.id(UserID.self)
                _ = try await react(one, message, text, by: user)
                let reacted = try #require(try await other.newest(in: conversation)).reactions.list
                let own = try #require(reacted.first { $0.userIDs.contains(user) })
                #expect(Array(own.emoji.utf8) == Array(text.utf8), "\(index)")
            }
        }
    }
}
