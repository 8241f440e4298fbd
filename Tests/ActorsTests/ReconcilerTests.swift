import Actors
import Logging
import TestSupport
import Testing

@Suite("What hints should have brought comes from the store", .timeLimit(.minutes(3)))
struct ReconcilerTests {
    private let a: Instance
    private let b: Instance
    private let reconciler: Reconciler

    init() async {
        let store = InMemoryStore()
        let time = ManualTime()
        a = Instance("A", store: store, time: time)
        b = Instance("B", store: store, time: time)
        // Hints on their way are waited for only while there is a bus.
        b.bus.setStatus(.reconnecting)
        reconciler = b.reconciler
        await reconciler.begin()
    }

    @Test func aMessageWhoseHintWasLostIsDelivered() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let sender = await a.connect(ada)
        let receiver = await b.connect(bob)
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        let sent = await sender.acks(1)
        #expect(await reconciler.reconcile() == 1)
        #expect(await receiver.outbound.waitForMessages(1) == sent)
        #expect(await reconciler.reconcile() == 0)
    }

    @Test func aChannelMessageAndAMembershipToo() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let general = try #require(ChannelName("general"))
        _ = try await a.environment.conversations.createChannel("general", title: nil, by: ada.user.userID)
        let sender = await a.connect(ada)
        let bobOnA = await a.connect(bob)
        let bobOnB = await b.connect(bob)
        try await sender.join(general)
        try await bobOnA.join(general)
        #expect(await reconciler.reconcile() == 1)
        try await sender.send("hello", to: general, id: "m1")
        let sent = await sender.acks(1)
        #expect(await reconciler.reconcile() == 1)
        #expect(await bobOnB.outbound.waitForMessages(1) == sent)
        try await bobOnA.leave(general)
        #expect(await reconciler.reconcile() == 1)
        try await sender.send("again", to: general, id: "m2")
        _ = await sender.acks(2)
        #expect(await reconciler.reconcile() == 0)
    }

    @Test func aMissedBanIsCarriedOut() async throws {
        let bob = try await a.register("bob")
        let connection = await b.connect(bob)
        _ = try await a.moderation.ban(bob.user.userID, by: nil, reason: nil)
        #expect(await reconciler.reconcile() == 1)
        #expect(await connection.outbound.waitForClose() == .suspended)
    }

    @Test func aMissedRevocationOfOneSessionLeavesTheOther() async throws {
        let bob = try await a.register("bob")
        let other = try await a.accounts.logIn(username: "bob", password: "correct horse", peer: .unknown)
        let ended = await b.connect(bob)
        let kept = await b.connect(other)
        try await a.moderation.revokeOne(bob.session.sessionID, of: bob.user.userID, by: nil)
        #expect(await reconciler.reconcile() == 1)
        #expect(await ended.outbound.waitForClose() == .revoked)
        #expect(kept.outbound.closeReason == nil)
    }

    /// What the store says now counts: an unban and a new log-in are not undone.
    @Test func aBanThatIsLiftedClosesNobodyWhoCameAfter() async throws {
        let bob = try await a.register("bob")
        _ = try await a.moderation.ban(bob.user.userID, by: nil, reason: nil)
        _ = try await a.moderation.unban(bob.user.userID, by: nil, reason: nil)
        let back = try await a.accounts.logIn(username: "bob", password: "correct horse", peer: .unknown)
        let connection = await b.connect(back)
        #expect(await reconciler.reconcile() == 0)
        #expect(connection.outbound.closeReason == nil)
    }

    @Test func anEditAndAReadReceiptWhoseHintsWereLostAreTold() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let adaOnA = await a.connect(ada)
        let adaOnB = await b.connect(ada)
        let bobOnB = await b.connect(bob)
        try await adaOnA.send("hello", to: bob.user.userID, id: "m1")
        let message = try #require(await adaOnA.acks(1).first)
        _ = await reconciler.reconcile()
        await bobOnB.outbound.waitForMessages(1)
        await adaOnA.perform(.edit(message.messageID, in: message.conversationID, content: "hello!"))
        try await a.environment.conversations.markRead(message.conversationID, upTo: 1, by: bob.user.userID)
        _ = await reconciler.reconcile()
        await bobOnB.outbound.outputs.wait { $0.contains { if case .messageUpdated = $0.event { true } else { false } } }
        await adaOnB.outbound.outputs.wait { $0.contains { if case .readReceipt = $0.event { true } else { false } } }
        // Told once, however often it is read.
        let count = bobOnB.outbound.events.count
        _ = await reconciler.reconcile()
        await bobOnB.executor.settle()
        #expect(bobOnB.outbound.events.count == count)
    }

    @Test func howeverManyEditsWereMissedAllAreTold() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let receiver = await b.connect(bob)
        let messages = try await a.talk(1_100, from: ada.user, to: bob.user)
        _ = await reconciler.reconcile()
        await receiver.outbound.waitForMessages(messages.count)
        let edited = try await a.edit(messages)
        _ = await reconciler.reconcile()
        await receiver.executor.settle()
        #expect(receiver.outbound.updates == edited)
    }

    /// What is in the overlap is read with each round.
    @Test func whatIsReadAgainIsNotToldAgain() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let receiver = await b.connect(bob)
        let messages = try await a.talk(300, from: ada.user, to: bob.user)
        _ = await reconciler.reconcile()
        await receiver.outbound.waitForMessages(messages.count)
        await b.store.setOverlap(10_000)
        _ = await reconciler.reconcile()
        let edited = try await a.edit(messages)
        for _ in 0..<3 { _ = await reconciler.reconcile() }
        await receiver.executor.settle()
        #expect(receiver.outbound.updates == edited)
        let again = try await a.edit(Array(edited.prefix(2)), "once more")
        for _ in 0..<3 { _ = await reconciler.reconcile() }
        await receiver.executor.settle()
        #expect(receiver.outbound.updates == edited + again)
    }

    @Test func howFarManyHaveReadIsToldOnce() async throws {
        let general = try #require(ChannelName("general"))
        let (ada, fixture) = (try await a.register("ada"), Fixture(seed: 3))
        _ = try await a.environment.conversations.createChannel("general", title: nil, by: ada.user.userID)
        let listener = await b.connect(ada)
        try await listener.join(general)
        _ = try await a.store.append([fixture.draft(from: ada.user)], to: .channel(general))
        await b.store.setOverlap(10_000)
        _ = await reconciler.reconcile()
        await listener.outbound.waitForMessages(1)
        for _ in 0..<300 {
            let reader = fixture.id(UserID.self)
            _ = try await a.store.join(general, user: reader, limit: 5)
            _ = try await a.store.markRead(.channel(general), by: reader, upTo: 1)
        }
        _ = await reconciler.reconcile()
        await listener.executor.settle()
        let told = listener.outbound.reads.count
        #expect(Set(listener.outbound.reads).count >= 300)
        for _ in 0..<3 { _ = await reconciler.reconcile() }
        await listener.executor.settle()
        #expect(listener.outbound.reads.count == told)
    }

    /// It reads on for as long as there are pages, and a ban is not to wait for that.
    @Test func bansAreAskedForWhileALongRoundGoesOn() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let receiver = await b.connect(bob)
        let messages = try await a.talk(3, from: ada.user, to: bob.user)
        _ = await reconciler.reconcile()
        await receiver.outbound.waitForMessages(3)
        let edited = try await a.edit(messages)
        await b.store.hold(.updatedMessages)
        async let round = reconciler.reconcile()
        await b.store.calls.wait { $0.last == .updatedMessages }
        let banned = await b.connect(ada)
        _ = try await a.moderation.ban(ada.user.userID, by: nil, reason: nil)
        b.time.advance(by: .seconds(5))
        await b.store.release(.updatedMessages)
        _ = await round
        #expect(await banned.outbound.waitForClose() == .suspended)
        await receiver.executor.settle()
        #expect(receiver.outbound.updates == edited)
    }

    @Test func howeverManyPagesHaveChangedItIsKnownWhoIsBanned() async throws {
        let (bob, fixture) = (try await a.register("bob"), Fixture())
        let receiver = await b.connect(bob)
        var sent: [Message] = []
        for _ in 0..<10 { sent += try await a.talk(1, from: fixture.user(), to: bob.user, fixture) }
        await b.store.limitChangePages(to: 1)
        let staleness = await takeASecond(.changedConversations)
        #expect(await reconciler.reconcile() == 10)
        #expect(staleness.elements == [Bool](repeating: false, count: 10))
        #expect(Set(await receiver.outbound.waitForMessages(10)) == Set(sent))
    }

    @Test func howeverManyMembershipsAreFollowedItIsKnownWhoIsBanned() async throws {
        let bob = try await a.register("bob")
        let connection = await b.connect(bob)
        for index in 0..<10 {
            let name = try #require(ChannelName("room-\(index)"))
            _ = try await a.environment.conversations.createChannel("room-\(index)", title: nil, by: bob.user.userID)
            _ = try await a.store.join(name, user: bob.user.userID, limit: 100)
        }
        let staleness = await takeASecond(.isMember)
        #expect(await reconciler.reconcile() == 10)
        #expect(staleness.elements == [Bool](repeating: false, count: 10))
        #expect(connection.outbound.closeReason == nil)
    }

    /// Has each call of `operation` take a second.
    ///
    /// - Returns: whether it was unknown after each of them who is banned.
    private func takeASecond(_ operation: InMemoryStore.Operation) async -> Recorder<Bool> {
        let staleness = Recorder<Bool>()
        await b.store.onEach(operation) { [time = b.time, freshness = b.registry.freshness] in
            time.advance(by: .seconds(1))
            staleness.append(freshness.isStale)
        }
        return staleness
    }

    /// The store notes that a sender has read their own message; the message itself says so.
    @Test func thatASenderHasReadIsNotTold() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let adaOnA = await a.connect(ada)
        let adaOnB = await b.connect(ada)
        let bobOnB = await b.connect(bob)
        try await adaOnA.send("hello", to: bob.user.userID, id: "m1")
        await b.delivery.deliverHere(await adaOnA.acks(1))
        for connection in [adaOnB, bobOnB] { await connection.outbound.waitForMessages(1) }
        _ = await reconciler.reconcile()
        for connection in [adaOnB, bobOnB] {
            await connection.executor.settle()
            #expect(!connection.outbound.events.contains { if case .readReceipt = $0 { true } else { false } })
        }
    }

    @Test func aRoundThatFailedIsMadeUpForByTheNext() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let sender = await a.connect(ada)
        let receiver = await b.connect(bob)
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        let sent = await sender.acks(1)
        await b.store.failNext(.changedConversations, StoreError(.unavailable, "gone"))
        #expect(await reconciler.reconcile() == 0)
        #expect(await reconciler.reconcile() == 1)
        #expect(await receiver.outbound.waitForMessages(1) == sent)
    }

    @Test func whoAsksWhileARoundIsUnderWayGetsALaterOne() async throws {
        let bob = try await a.register("bob")
        let connection = await b.connect(bob)
        await b.store.hold(.kickedUsers)
        async let first = reconciler.reconcile()
        await b.store.calls.wait { $0.contains(.kickedUsers) }
        async let second = reconciler.reconcile()
        async let third = reconciler.reconcile()
        _ = try await a.moderation.ban(bob.user.userID, by: nil, reason: nil)
        await b.store.release(.kickedUsers)
        _ = await (first, second, third)
        #expect(await connection.outbound.waitForClose() == .suspended)
    }

    @Test func withoutTheStoreNothingIsAcceptedOrDelivered() async throws {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let sender = await b.connect(ada)
        let receiver = await b.connect(bob)
        await b.store.failNext(.watermark, StoreError(.unavailable, "gone"))
        b.time.advance(by: .milliseconds(4_001))
        _ = await reconciler.reconcile()
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        #expect(await sender.errors(1).first?.code == .storeUnavailable)
        // Another instance's message, and its hint.
        await a.reconciler.begin()
        let onA = await a.connect(bob)
        try await onA.send("from elsewhere", to: ada.user.userID, id: "m2")
        let sent = await onA.acks(1)
        await b.delivery.deliverHere(sent)
        await sender.executor.settle()
        #expect(sender.outbound.messages.isEmpty)
        #expect(receiver.outbound.closeReason == nil)
        _ = await reconciler.reconcile()
        #expect(await sender.outbound.waitForMessages(1) == sent)
    }

    @Test func cutOffFromBothItClosesItsSessions() async throws {
        let ada = try await b.register("ada")
        let connection = await b.connect(ada)
        await b.store.failAll(StoreError(.unavailable, "gone"))
        let running = Task { await reconciler.run() }
        for _ in 0..<17 {
            await b.time.waitForSleepers(1)
            b.time.advance(by: .seconds(1))
        }
        #expect(await connection.outbound.waitForClose() == .serviceRestart)
        running.cancel()
        await running.value
    }
}

extension RecordingOutbound {
    fileprivate var reads: [ReadCursor] {
        events.compactMap { if case .readReceipt(let cursor) = $0 { cursor } else { nil } }
    }
}
