import Actors
import TestSupport
import Testing

@Suite("A session knows who it belongs to before it does anything", .timeLimit(.minutes(3)))
struct SessionAdmissionTests {
    private let instance = Instance()
    private let ada: LogIn

    init() async throws {
        ada = try await instance.register("ada")
    }

    @Test func isWelcomedOnceTheStoreHasConfirmedIt() async {
        let connection = await instance.connect(ada)
        guard case .welcome(let welcome) = connection.outbound.events.first else {
            Issue.record("no WELCOME")
            return
        }
        #expect(welcome.principal == ada.principal)
        #expect(welcome.instanceID == "A")
        #expect(await instance.registry.counts == (1, 1))
    }

    @Test func takesTheTokenOfItsFirstFrame() async {
        let connection = await instance.open(nil)
        await connection.receive(.success(.authenticate(token: ada.token)))
        await connection.outbound.outputs.wait(count: 1)
        #expect(connection.isWelcomed)
    }

    @Test func refusesAWrongTokenAndAnyOtherFirstFrame() async {
        let one = await instance.open(nil)
        await one.receive(.success(.authenticate(token: "nonsense")), ref: "r1")
        #expect(await one.outbound.waitForClose() == .unauthenticated)
        #expect(await one.errors(1).map(\.code) == [.unauthenticated])
        #expect(one.refs == ["r1"])
        let other = await instance.open(nil)
        await other.receive(.success(.ping), ref: "r2")
        #expect(await other.outbound.waitForClose() == .unauthenticated)
        #expect(await other.errors(1).map(\.code) == [.unauthenticated])
        #expect(other.refs == ["r2"])
        #expect(await instance.registry.counts == (0, 0))
    }

    @Test func isClosedWhenNoTokenComes() async {
        let connection = await instance.open(nil)
        instance.time.advance(by: .seconds(10))
        await connection.session.tick()
        #expect(await connection.outbound.waitForClose() == .unauthenticated)
    }

    @Test func isClosedWhenTheTokenRunsOut() async {
        let connection = await instance.connect(ada)
        instance.time.advance(by: .seconds(86_400))
        await connection.session.tick()
        #expect(await connection.outbound.waitForClose() == .tokenExpired)
    }

    @Test func saysSoWhenTheStoreDoesNotAnswer() async {
        await instance.store.failNext(.sessionRecord, StoreError(.unavailable, "gone"))
        let connection = await instance.open(ada.principal)
        #expect(await connection.outbound.waitForClose() == .internalError)
        #expect(await connection.errors(1).first?.code == .storeUnavailable)
    }

    /// The store's answer to the check after registration was read before the ban, and comes after it.
    @Test func losesARaceAgainstABan() async throws {
        await instance.store.hold(.sessionRecord)
        let connection = await instance.open(ada.principal)
        await instance.store.calls.wait { $0.contains(.sessionRecord) }
        let outcome = try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil)
        #expect(outcome.closedHere == 1)
        await instance.store.release(.sessionRecord)
        #expect(await connection.outbound.waitForClose() == .suspended)
        #expect(!connection.isWelcomed)
    }

    @Test func isNotWelcomedAfterABanThatCameBeforeItsRegistration() async throws {
        _ = try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil)
        let connection = await instance.open(ada.principal)
        #expect(await connection.outbound.waitForClose() == .suspended)
        #expect(await connection.errors(1) == [.suspended])
        #expect(!connection.isWelcomed)
    }

    @Test func leavesNothingBehindWhenItsSocketGoesWhileItJoins() async throws {
        for _ in 0..<50 {
            let connection = await instance.open(ada.principal)
            await connection.session.connectionClosed()
        }
        let last = await instance.connect(ada)
        await last.session.connectionClosed()
        await instance.registry.waitUntilEmpty()
        #expect(await instance.registry.counts == (0, 0))
    }
}

@Suite("A session sends, receives, and bounds what it is asked", .timeLimit(.minutes(3)))
struct SessionTrafficTests {
    private let instance = Instance()
    private let ada: LogIn
    private let bob: LogIn

    init() async throws {
        ada = try await instance.register("ada")
        bob = try await instance.register("bob")
    }

    /// An instance beside the first one, with limits of its own.
    private func limited(_ limits: SessionLimits) -> Instance {
        Instance("B", store: instance.store, time: instance.time, limits: limits)
    }

    @Test func acknowledgesAndDeliversToEveryoneButItself() async throws {
        let sender = await instance.connect(ada)
        let second = await instance.connect(ada)
        let receiver = await instance.connect(bob)
        try await sender.send("hello", to: bob.user.userID, id: "m1", ref: "r")
        let message = try #require(await sender.acks(1).first)
        #expect(message.seq == 1)
        #expect(await receiver.outbound.waitForMessages(1) == [message])
        #expect(await second.outbound.waitForMessages(1) == [message])
        try await sender.send("again", to: bob.user.userID, id: "m2")
        _ = await receiver.outbound.waitForMessages(2)
        #expect(sender.outbound.messages.isEmpty)
    }

    /// Sent again, and while others send as well.
    @Test func deliversAMessageWhoseAckWasLeftOutInItsTurnAndOnce() async throws {
        let sender = await instance.connect(ada)
        sender.outbound.leaveOutAcks()
        let receiver = await instance.connect(bob)
        for index in 1...50 {
            try await sender.send("\(index)", to: bob.user.userID, id: "m\(index)")
            try await sender.send("\(index)", to: bob.user.userID, id: "m\(index)")
            try await receiver.send("\(index)", to: ada.user.userID, id: "m\(index)")
        }
        #expect(await sender.outbound.waitForMessages(100).map(\.seq) == Array(1...100))
        _ = await receiver.acks(50)
        await sender.executor.settle()
        #expect(sender.outbound.messages.count == 100)
    }

    @Test func showsTheClientMessageIDToTheSenderOnly() async throws {
        let sender = await instance.connect(ada)
        let second = await instance.connect(ada)
        let receiver = await instance.connect(bob)
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        _ = await second.outbound.waitForMessages(1)
        _ = await receiver.outbound.waitForMessages(1)
        func shown(_ connection: Connection) -> [Bool] {
            connection.outbound.events.compactMap { if case .messageReceived(_, let shown, _) = $0 { shown } else { nil } }
        }
        #expect(shown(second) == [true])
        #expect(shown(receiver) == [false])
    }

    @Test func keepsTheOrderOfWhatIsSentAtOnce() async throws {
        let sender = await instance.connect(ada)
        let receiver = await instance.connect(bob)
        for index in 0..<200 { try await sender.send("\(index)", to: bob.user.userID, id: "m\(index)") }
        let messages = await receiver.outbound.waitForMessages(200)
        #expect(messages.map(\.content) == (0..<200).map { "\($0)" })
        #expect(messages.map(\.seq) == Array(1...200))
        #expect(await sender.acks(200).map(\.seq) == Array(1...200))
    }

    @Test func deliversWhatCameWhileItJoinedAfterItsWelcome() async throws {
        let sender = await instance.connect(ada)
        await instance.store.hold(.sessionRecord)
        let receiver = await instance.open(bob.principal)
        await instance.store.calls.wait { $0.count { $0 == .sessionRecord } == 2 }
        try await sender.send("early", to: bob.user.userID, id: "m1")
        _ = await sender.acks(1)
        await instance.store.release(.sessionRecord)
        _ = await receiver.outbound.waitForMessages(1)
        #expect(receiver.isWelcomed)
    }

    @Test func answersTheSameClientMessageIDWithTheSameMessage() async throws {
        let sender = await instance.connect(ada)
        let receiver = await instance.connect(bob)
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        try await sender.send("other", to: bob.user.userID, id: "m1")
        try await sender.send("last", to: bob.user.userID, id: "m2")
        let acked = await sender.acks(3)
        #expect(acked[0] == acked[1])
        #expect(acked[2].seq == 2)
        #expect(await sender.errors(1).first?.code == .conflict)
        #expect(await receiver.outbound.waitForMessages(2).map(\.content) == ["hello", "last"])
    }

    /// Of two sessions that use the same `clientMessageId` at the same time one is refused: what the other has stored is new to it.
    @Test func whoIsRefusedIsToldWhatWasStoredInstead() async throws {
        let first = await instance.connect(ada)
        let second = await instance.connect(ada)
        await instance.store.hold(.append)
        try await first.send("this", to: bob.user.userID, id: "m1")
        await instance.store.calls.wait { $0.contains(.append) }
        try await second.send("that", to: bob.user.userID, id: "m1")
        await instance.store.release(.append)
        let stored = try #require(await first.acks(1).first)
        #expect(await second.errors(1).first?.code == .conflict)
        #expect(await second.outbound.waitForMessages(1) == [stored])
        try await second.send("another", to: bob.user.userID, id: "m2")
        let next = try #require(await second.acks(1).first)
        #expect(await first.outbound.waitForMessages(1) == [next])
        await second.executor.settle()
        #expect(second.outbound.messages == [stored])
    }

    @Test func tellsAStoreFailureAndLivesOn() async throws {
        let sender = await instance.connect(ada)
        await instance.store.failNext(.append, StoreError(.timeout, "slow"))
        try await sender.send("hello", to: bob.user.userID, id: "m1", ref: "r1")
        #expect(await sender.errors(1).first?.code == .storeUnavailable)
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        #expect(await sender.acks(1).count == 1)
    }

    @Test func refusesAnUnknownRecipientAndStoresNothing() async throws {
        let sender = await instance.connect(ada)
        try await sender.send("hello", to: UserID(high: 9, low: 9), id: "m1")
        #expect(await sender.errors(1).first?.code == .notFound)
        #expect(!instance.store.calls.elements.contains(.append))
    }

    @Test func slowsDownAndThenClosesWhoSendsTooMuch() async {
        let sender = await limited(SessionLimits(rateLimit: 20)).connect(ada)
        for _ in 0..<81 { await sender.receive(.success(.ping)) }
        #expect(await sender.outbound.waitForClose() == .rateLimited)
        let pongs = sender.outbound.events.count { if case .pong = $0 { true } else { false } }
        #expect(pongs == 40)
        #expect(await sender.errors(1).first?.retryAfter != nil)
    }

    @Test func closesAfterTwentyBadFramesAMinute() async {
        let sender = await instance.connect(ada)
        for _ in 0..<20 { await sender.receive(.failure(RequestError(.badRequest, "not JSON"))) }
        #expect(sender.outbound.closeReason == nil)
        await sender.receive(.failure(RequestError(.badRequest, "not JSON")))
        #expect(await sender.outbound.waitForClose() == .tooManyBadFrames)
    }

    @Test func refusesCommandsPastTheQueue() async throws {
        let sender = await limited(SessionLimits(rateLimit: 0, waitingCommands: 4)).connect(ada)
        await instance.store.hold(.append)
        try await sender.send("first", to: bob.user.userID, id: "first")
        await instance.store.calls.wait { $0.contains(.append) }
        for index in 0..<5 { try await sender.send("\(index)", to: bob.user.userID, id: "m\(index)") }
        #expect(await sender.errors(1).map(\.code) == [.rateLimited])
        await instance.store.release(.append)
        #expect(await sender.acks(5).count == 5)
    }

    @Test func closesASlowConsumerAndNobodyElse() async throws {
        let sender = await instance.connect(ada)
        let slow = await instance.connect(bob)
        let quick = await instance.connect(bob)
        slow.outbound.setAdmission(.overflow)
        try await sender.send("hello", to: bob.user.userID, id: "m1")
        #expect(await slow.outbound.waitForClose() == .slowConsumer)
        _ = await quick.outbound.waitForMessages(1)
        #expect(quick.outbound.closeReason == nil)
    }

    @Test func worksOnAfterGoAwayUntilItsTime() async throws {
        let sender = await instance.connect(ada)
        await instance.registry.goAway(within: .seconds(20))
        await sender.outbound.outputs.wait(count: 2)
        #expect(try #require(sender.timeToLeave) <= .seconds(20))
        try await sender.send("note to self", to: ada.user.userID, id: "m1")
        #expect(await sender.acks(1).count == 1)
        instance.time.advance(by: .seconds(20))
        await sender.session.tick()
        #expect(await sender.outbound.waitForClose() == .goingAway)
    }

    @Test func whatIsUnderWayAtTheEndIsAnswered() async throws {
        let sender = await instance.connect(ada)
        await sender.session.goAway(after: .seconds(20))
        await instance.store.hold(.append)
        try await sender.send("note to self", to: ada.user.userID, id: "m1")
        await instance.store.calls.wait { $0.contains(.append) }
        instance.time.advance(by: .seconds(20))
        await sender.session.tick()
        #expect(sender.outbound.closeReason == nil)
        await instance.store.release(.append)
        #expect(await sender.acks(1).count == 1)
        #expect(await sender.outbound.waitForClose() == .goingAway)
    }

    @Test func whoComesInWhileOthersAreAskedToLeaveIsAskedToo() async throws {
        await instance.registry.goAway(within: .seconds(20))
        instance.time.advance(by: .seconds(15))
        let late = await instance.open(nil)
        await late.receive(.success(.authenticate(token: ada.token)))
        await late.outbound.outputs.wait(count: 2)
        #expect(late.isWelcomed)
        #expect(try #require(late.timeToLeave) <= .seconds(5))
        instance.time.advance(by: .seconds(5))
        await late.session.tick()
        #expect(await late.outbound.waitForClose() == .goingAway)
        await instance.registry.waitUntilEmpty()
    }

    @Test func nobodyWaitsForTheLastToLeaveOnceCancelled() async {
        _ = await instance.connect(ada)
        let waiting = Task { await instance.registry.waitUntilEmpty() }
        waiting.cancel()
        await waiting.value
        #expect(await instance.registry.counts.connections == 1)
    }
}

extension Connection {
    /// How long it may stay, where a GOAWAY is what was written last.
    fileprivate var timeToLeave: Duration? {
        guard case .goAway(_, let time) = outbound.events.last else { return nil }
        return time
    }
}
