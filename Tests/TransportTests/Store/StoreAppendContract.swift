import Actors
import TestSupport
import Testing

@Suite("Every store numbers a conversation's messages without a hole and stores none twice")
struct StoreAppendContract {
    private let fixture = Fixture()

    private func direct(_ one: User, _ other: User) -> ConversationID {
        .direct(UserPair(one.userID, other.userID))
    }

    private func clientMessageID(_ text: String) throws -> ClientMessageID {
        try #require(ClientMessageID(text))
    }

    @Test(arguments: StoreKind.allCases)
    func `drafts are numbered in their order and read back as they were`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob) = (fixture.user(), fixture.user())
            let drafts = (0..<3).map { fixture.draft(from: alice, "text \($0)") }
            let conversation = direct(alice, bob)
            let outcomes = try await one.append(drafts, to: conversation)
            let expected = drafts.enumerated().map { $1.message(in: conversation, seq: Int64($0 + 1)) }
            #expect(outcomes == expected.map(AppendOutcome.stored))
            let page = try await other.messages(in: conversation, before: nil, after: nil, limit: 10)
            #expect(page == MessagePage(messages: expected, hasMore: false))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a hundred callers on two stores leave no hole and no repeat`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = direct(alice, bob)
            let outcomes = try await withThrowingTaskGroup(of: [AppendOutcome].self) { group in
                for index in 0..<100 {
                    let drafts = (0..<(index % 3 + 1)).map { _ in fixture.draft(from: index.isMultiple(of: 2) ? alice : bob) }
                    group.addTask { try await (index.isMultiple(of: 3) ? one : other).append(drafts, to: conversation) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let seqs = outcomes.compactMap { outcome -> Int64? in
                guard case .stored(let message) = outcome else { return nil }
                return message.seq
            }
            #expect(seqs.sorted() == Array(1...199))
            let stored = try await one.messages(in: conversation, before: nil, after: nil, limit: 1_000)
            #expect(stored.messages.map(\.seq) == Array(1...199))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the same clientMessageId from both stores at once is one message`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = direct(alice, bob)
            for round in 0..<20 {
                let key = try clientMessageID("again-\(round)")
                let drafts = (0..<6).map { _ in fixture.draft(from: alice, "same", clientMessageID: key) }
                let outcomes = try await withThrowingTaskGroup(of: [AppendOutcome].self) { group in
                    for (index, draft) in drafts.enumerated() {
                        group.addTask { try await (index.isMultiple(of: 2) ? one : other).append([draft], to: conversation) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                let stored = outcomes.compactMap { if case .stored(let message) = $0 { message } else { nil } }
                let duplicates = outcomes.compactMap { if case .duplicate(let message) = $0 { message } else { nil } }
                #expect(stored.count == 1)
                #expect(duplicates == Array(repeating: stored[0], count: 5))
                #expect(stored.first?.seq == Int64(round + 1))
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a batch that holds one clientMessageId twice stores it once`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = direct(alice, bob)
            let key = try clientMessageID("twice")
            let first = fixture.draft(from: alice, "a", clientMessageID: key)
            let batch = [
                first, fixture.draft(from: alice, "a", clientMessageID: key), fixture.draft(from: alice, "b", clientMessageID: key),
                fixture.draft(from: bob, "a", clientMessageID: key),
            ]
            let outcomes = try await store.append(batch, to: conversation)
            let message = first.message(in: conversation, seq: 1)
            #expect(outcomes == [.stored(message), .duplicate(message), .conflict, .stored(batch[3].message(in: conversation, seq: 2))])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a used clientMessageId with other content or elsewhere is a conflict and makes nothing`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let (alice, bob, carol) = (fixture.user(), fixture.user(), fixture.user())
            let key = try clientMessageID("used")
            _ = try await one.append([fixture.draft(from: alice, "text", clientMessageID: key)], to: direct(alice, bob))
            let otherContent = fixture.draft(from: alice, "other", clientMessageID: key)
            #expect(try await other.append([otherContent], to: direct(alice, bob)) == [.conflict])
            let elsewhere = fixture.draft(from: alice, "text", clientMessageID: key)
            #expect(try await other.append([elsewhere], to: direct(alice, carol)) == [.conflict])
            #expect(try await one.conversations(of: alice.userID, limit: 10).map(\.lastSeq) == [1])
            #expect(try await one.conversations(of: carol.userID, limit: 10).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `one caller's failure leaves the other callers alone`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = direct(alice, bob)
            let taken = fixture.draft(from: alice)
            _ = try await store.append([taken], to: conversation)
            let sameID = MessageDraft(
                messageID: taken.messageID,
                senderID: bob.userID,
                senderName: bob.username,
                content: "x",
                clientMessageID: try clientMessageID("fresh"),
                createdAt: fixture.time.now()
            )
            let results = await withTaskGroup(of: Result<[AppendOutcome], StoreError>.self) { group in
                for index in 0..<40 {
                    let drafts = index.isMultiple(of: 4) ? [fixture.draft(from: bob), sameID] : [fixture.draft(from: alice)]
                    group.addTask {
                        do throws(StoreError) {
                            return .success(try await store.append(drafts, to: conversation))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let failures = results.compactMap { if case .failure(let error) = $0 { error.code } else { nil } }
            #expect(failures == Array(repeating: .duplicateKey, count: 10))
            let page = try await store.messages(in: conversation, before: nil, after: nil, limit: 100)
            #expect(page.messages.map(\.seq) == Array(1...31))
            #expect(page.messages.allSatisfy { $0.senderID == alice.userID })
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `no drafts are no outcomes and no conversation`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let alice = fixture.user()
            let outcomes = try await store.append([], to: direct(alice, alice))
            #expect(outcomes.isEmpty)
            #expect(try await store.conversations(of: alice.userID, limit: 10).isEmpty)
        }
    }
}
