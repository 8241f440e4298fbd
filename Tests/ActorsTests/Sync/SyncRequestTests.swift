import Actors
import TestSupport
import Testing

@Suite("What a client brings to be synced is its own, is there, and comes in time", .timeLimit(.minutes(3)))
struct SyncRequestTests {
    private let cluster = SyncFixture()

    @Test func conversationsOfOthersAreLeftOut() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        _ = try await cluster.send(1...3, from: ada, to: bob)
        let carol = try await cluster.a.register("carol")
        let back = await cluster.resume(carol)
        let general = ConversationID.channel(try #require(ChannelName("general")))
        let synced = try await back.sync([conversation: 0, general: 0])
        #expect(synced.cursors == [:])
        #expect(back.outbound.messages.isEmpty)
    }

    @Test func partsCountAsOne() async throws {
        let (back, sent, conversation) = try await cluster.missed(messages: 2)
        await back.bring([conversation: 1], hasMore: true)
        try await back.sync([:])
        #expect(back.outbound.messages == Array(sent[1...]))
    }

    @Test func theStampOfWhateverPartCounts() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let stamp = try await cluster.leave(bob)
        let sent = try await cluster.send(1...2, from: ada, to: bob)
        let back = await cluster.resume(bob)
        let own = ConversationID.direct(UserPair(bob.user.userID, bob.user.userID))
        await back.bring([own: 0], stamp: stamp, hasMore: true)
        let synced = try await back.sync([:])
        #expect(back.outbound.messages == sent)
        #expect(synced.cursors == [conversation: 2])
    }

    /// What can't be read of a part may be the conversation that lacks something.
    @Test(arguments: [true, false]) func aPartThatIsNoGoodFrameTakesTheOthersWithIt(isLast: Bool) async throws {
        let (back, sent, conversation) = try await cluster.missed(messages: 2)
        let error = RequestError(.badRequest, "cursors")
        let principal = try #require(back.welcome?.principal)
        // A cursor that is refused by itself, were it not forgotten.
        await back.bring([.direct(UserPair(principal.userID, principal.userID)): 1], hasMore: true)
        await back.session.receive(ClientFrame(ref: nil, command: .failure(error), refusedSyncHasMore: !isLast))
        if !isLast { await back.bring([conversation: 2]) }
        let refused = isLast ? 1 : 2
        #expect(await back.errors(refused).map(\.code) == [RequestError.Code](repeating: .badRequest, count: refused))
        #expect(!back.outbound.outputs.elements.contains { $0.synced != nil })
        #expect(try await back.sync([conversation: 1]).cursors == [conversation: 2])
        #expect(back.outbound.messages == [sent[1]])
    }

    @Test func whereOnePartIsRefusedAllAre() async throws {
        let (back, _, conversation) = try await cluster.missed(messages: 2)
        let absent = try #require(ChannelName("absent"))
        let tooMany = Dictionary(
            uniqueKeysWithValues: (0...20_000).compactMap { ChannelName("c\($0)").map { (ConversationID.channel($0), Int64(1)) } }
        )
        await back.bring([.channel(absent): 1], hasMore: true)
        await back.bring(tooMany, hasMore: true)
        await back.bring([conversation: 2])
        #expect(await back.errors(2).map(\.code) == [.badRequest, .badRequest])
        let synced = try await back.sync([conversation: 2])
        #expect(synced.cursors == [:])
    }

    /// Else it would wait for messages up to a number that may never come.
    @Test(arguments: [6, 1 << 53 - 1]) func aCursorOfAMessageThatIsNotThereIsRefused(absent: Int64) async throws {
        let (back, sent, conversation) = try await cluster.missed(messages: 5)
        await back.bring([conversation: absent])
        #expect(await back.errors(1).map(\.code) == [.badRequest])
        #expect(back.outbound.messages.isEmpty)
        #expect(try await back.sync([conversation: 4]).cursors == [conversation: 5])
        #expect(back.outbound.messages == [sent[4]])
    }

    @Test func aCursorOfAConversationWithoutMessagesIsRefused() async throws {
        let (_, bob, _) = try await cluster.pair()
        let back = await cluster.resume(bob)
        let own = ConversationID.direct(UserPair(bob.user.userID, bob.user.userID))
        await back.bring([own: 1])
        #expect(await back.errors(1).map(\.code) == [.badRequest])
        #expect(try await back.sync([own: 0]).isComplete)
    }

    @Test func whoBringsNoSyncIsClosed() async throws {
        let (_, bob, _) = try await cluster.pair()
        let back = await cluster.resume(bob)
        cluster.b.time.advance(by: .seconds(9))
        await back.session.tick()
        #expect(back.outbound.closeReason == nil)
        cluster.b.time.advance(by: .seconds(1))
        await back.session.tick()
        #expect(await back.outbound.waitForClose() == .syncExpected)
    }

    /// It came, and the store takes its time.
    @Test func whoBringsItsSyncBeforeTheWelcomeIsNotClosed() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let sent = try await cluster.send(1...2, from: ada, to: bob)
        let store = cluster.b.store
        await store.hold(.sessionRecord)
        await store.hold(.missed)
        let asked = store.calls.elements.count { $0 == .sessionRecord }
        let back = await cluster.b.open(bob.principal, resumes: true)
        await store.calls.wait { $0.count { $0 == .sessionRecord } > asked }
        await back.bring([conversation: 0])
        await store.release(.sessionRecord)
        await store.calls.wait { $0.contains(.missed) }
        cluster.b.time.advance(by: .seconds(11))
        await back.session.tick()
        #expect(back.outbound.closeReason == nil)
        // What is read is delivered only by an instance that knows of the latest kicks.
        _ = await cluster.b.reconciler.reconcile()
        await store.release(.missed)
        #expect(await back.outbound.waitForMessages(2) == sent)
    }
}
