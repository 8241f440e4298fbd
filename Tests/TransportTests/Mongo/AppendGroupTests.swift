import Actors
import TestSupport
import Testing

@testable import Transport

@Suite("Appends to several conversations that travel together don't touch each other")
struct AppendGroupTests {
    private let fixture = Fixture()
    private let alice: User

    init() {
        alice = fixture.user()
    }

    private func conversation() -> ConversationID {
        .direct(UserPair(alice.userID, fixture.id()))
    }

    private func attempt() -> AppendAttempt {
        AppendAttempt(state: AppendState([fixture.draft(from: alice)], to: conversation(), nextSeq: 1), memory: .init())
    }

    @Test
    func `a refused document stops its own append, spares those before it and leaves those after it untried`() {
        let refused = InsertReply(
            insertedCount: 4,
            failure: MongoFailure(.duplicateKey(.messageSeq), "test"),
            isOfOneDocument: true
        )
        #expect(refused.part(0..<3) == InsertReply(insertedCount: 3, failure: nil))
        #expect(refused.part(3..<6) == InsertReply(insertedCount: 1, failure: refused.failure, isOfOneDocument: true))
        #expect(refused.part(6..<7) == nil)
        let broken = InsertReply(insertedCount: 4, failure: MongoFailure(.unknownOutcome, "test"))
        for range in [0..<3, 3..<6, 6..<7] { #expect(broken.part(range) == InsertReply(insertedCount: 0, failure: broken.failure)) }
        #expect(InsertReply(insertedCount: 7, failure: nil).part(3..<6) == InsertReply(insertedCount: 3, failure: nil))
    }

    @Test
    func `what comes while a group is under way goes together in the next one`() async throws {
        let sizes = Recorder<Int>()
        let (gate, open) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let groups = AppendGroups(concurrency: 1, waitingLimit: 20) { group throws(MongoFailure) in
            sizes.append(group.attempts.count)
            if sizes.elements.count == 1 { for await _ in gate {} }
            return group
        }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await carryOut(on: groups) }
            _ = await sizes.wait { $0.count == 1 }
            for _ in 0..<20 { tasks.addTask { await carryOut(on: groups) } }
            while await groups.waitingCount < 20 { await Task.yield() }
            let failure = await #expect(throws: MongoFailure.self) { try await groups.ask(attempt()) }
            #expect(failure?.kind == .overloaded)
            open.finish()
        }
        #expect(sizes.elements == [1, 20])
        await groups.finish()
    }

    private func carryOut(on groups: AppendGroups) async {
        do {
            _ = try await groups.ask(attempt())
        } catch {
            Issue.record(error)
        }
    }

    @Test
    func `a conflict, a lost race and new messages of forty conversations each have their own outcome`() async throws {
        let uri = try await SharedMongoServer.common.uri()
        try await MongoStore.with(uri) { store in
            try await MongoStore.with(uri) { other in
                let conversations = (0..<40).map { _ in conversation() }
                let firsts = conversations.map { _ in fixture.draft(from: alice) }
                for (conversation, first) in zip(conversations, firsts) { _ = try await store.append([first], to: conversation) }
                // Behind the first store's back: the number that it would give next is taken.
                for index in stride(from: 0, to: 40, by: 4) {
                    _ = try await other.append([fixture.draft(from: alice)], to: conversations[index])
                }
                let outcomes = await withTaskGroup(of: (Int, [AppendOutcome]).self) { tasks in
                    for (index, conversation) in conversations.enumerated() {
                        let again = MessageDraft(
                            messageID: fixture.id(),
                            senderID: alice.userID,
                            senderName: alice.username,
                            content: index.isMultiple(of: 3) ? "other" : firsts[index].content,
                            clientMessageID: firsts[index].clientMessageID,
                            createdAt: fixture.time.now()
                        )
                        let drafts = [fixture.draft(from: alice), again, fixture.draft(from: alice)]
                        tasks.addTask {
                            do {
                                return (index, try await store.append(drafts, to: conversation))
                            } catch {
                                Issue.record(error)
                                return (index, [])
                            }
                        }
                    }
                    return await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                for index in conversations.indices {
                    let first: Int64 = index.isMultiple(of: 4) ? 3 : 2
                    let found = try #require(outcomes[index])
                    #expect(found.compactMap { if case .stored(let message) = $0 { message.seq } else { nil } } == [first, first + 1])
                    let known = firsts[index].message(in: conversations[index], seq: 1)
                    #expect(found[1] == (index.isMultiple(of: 3) ? .conflict : .duplicate(known)))
                }
                let summaries = try await other.conversations(of: alice.userID, limit: 50)
                #expect(Set(summaries.map(\.conversationID)) == Set(conversations))
                #expect(summaries.allSatisfy { $0.lastMessage?.seq == $0.lastSeq && $0.readSeq == $0.lastSeq })
            }
        }
    }
}
