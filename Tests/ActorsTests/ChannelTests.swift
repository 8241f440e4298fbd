import Actors
import TestSupport
import Testing

@Suite("A channel's members get its messages once and in order, on whatever instance they are", .timeLimit(.minutes(3)))
struct ChannelTests {
    private let a: Instance
    private let b: Instance
    private let general: ChannelName

    init() throws {
        let store = InMemoryStore()
        let time = ManualTime()
        a = Instance("A", store: store, time: time)
        b = Instance("B", store: store, time: time)
        general = try #require(ChannelName("general"))
    }

    /// Three members: Ada with two connections and Bob on A, Carol on B.
    private func makeChannel() async throws -> (ada: Connection, second: Connection, bob: Connection, carol: Connection) {
        let (ada, bob, carol) = (try await a.register("ada"), try await a.register("bob"), try await a.register("carol"))
        _ = try await a.environment.conversations.createChannel("general", title: "General", by: ada.user.userID)
        let first = await a.connect(ada)
        let second = await a.connect(ada)
        let third = await a.connect(bob)
        let fourth = await b.connect(carol)
        try await first.join(general)
        try await third.join(general)
        try await fourth.join(general)
        return (first, second, third, fourth)
    }

    @Test func everyMemberButTheSenderIsTold() async throws {
        let (ada, second, bob, carol) = try await makeChannel()
        try await ada.send("hello", to: general, id: "m1")
        let message = try #require(await ada.acks(1).first)
        #expect(message.conversationID == .channel(general))
        #expect(await second.outbound.waitForMessages(1) == [message])
        #expect(await bob.outbound.waitForMessages(1) == [message])
        // The hint to the other instance.
        await b.delivery.deliverHere([message])
        #expect(await carol.outbound.waitForMessages(1) == [message])
        await ada.executor.settle()
        #expect(ada.outbound.messages.isEmpty)
    }

    @Test func onlyTheSendersSessionsSeeTheClientMessageID() async throws {
        let (ada, second, bob, _) = try await makeChannel()
        try await ada.send("hello", to: general, id: "m1")
        for (connection, shows) in [(second, true), (bob, false)] {
            await connection.outbound.waitForMessages(1)
            let shown = connection.outbound.events.compactMap { if case .messageReceived(_, let shows, _) = $0 { shows } else { nil } }
            #expect(shown == [shows])
        }
    }

    @Test func joiningSaysHowFarTheChannelIs() async throws {
        let (ada, _, _, _) = try await makeChannel()
        for index in 1...3 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        _ = await ada.acks(3)
        let dora = await a.connect(try await a.register("dora"))
        let joined = try await dora.join(general)
        #expect(joined.lastSeq == 3)
        #expect(joined.members == 4)
        await dora.executor.settle()
        #expect(dora.outbound.messages.isEmpty)
    }

    @Test func whoLeavesByAnotherSessionWhileJoiningIsOut() async throws {
        let (ada, second, bob, _) = try await makeChannel()
        await a.store.hold(.lastSeq)
        let asked = a.store.calls.elements.count { $0 == .lastSeq }
        await ada.receive(.success(.conversation(.join(general, since: 1_000))))
        await a.store.calls.wait { $0.count { $0 == .lastSeq } > asked }
        try await second.leave(general)
        await a.store.release(.lastSeq)
        // Answered when the join is over.
        try await ada.leave(general)
        try await bob.send("not for who has left", to: general, id: "m1")
        _ = await bob.acks(1)
        await ada.executor.settle()
        #expect(ada.outbound.messages.isEmpty)
    }

    @Test func sinceBringsWhatWasMissedBeforeWhatIsNew() async throws {
        let (ada, _, bob, _) = try await makeChannel()
        try await bob.leave(general)
        for index in 1...450 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        let sent = await ada.acks(450)
        #expect(bob.outbound.messages.isEmpty)
        try await bob.join(general, since: 0)
        try await ada.send("new", to: general, id: "new")
        let new = await ada.acks(451).suffix(1)
        #expect(await bob.outbound.waitForMessages(451) == sent + new)
    }

    /// Who is in the channel already and asks for the past is given it again, marked as such.
    @Test func sinceOfAMemberIsAReplay() async throws {
        let (ada, _, bob, _) = try await makeChannel()
        for index in 1...3 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        await bob.outbound.waitForMessages(3)
        try await bob.join(general, since: 1)
        await bob.outbound.waitForMessages(5)
        let replayed = bob.outbound.events.compactMap { event -> Int64? in
            guard case .messageReceived(let message, _, isReplayed: true) = event else { return nil }
            return message.seq
        }
        #expect(replayed == [2, 3])
    }

    /// What is read for the session's beginning was asked for from another place than what it wants again.
    @Test func sinceWhileTheBeginningIsReadLeavesNoHole() async throws {
        let (ada, _, _, _) = try await makeChannel()
        for index in 1...5 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        await b.delivery.deliverHere(await ada.acks(5))
        let carol = try await b.accounts.logIn(username: "carol", password: "correct horse", peer: .unknown)
        await b.store.hold(.sessionRecord)
        let confirmed = b.store.calls.elements.count { $0 == .sessionRecord }
        let second = await b.open(carol.principal)
        await b.store.calls.wait { $0.count { $0 == .sessionRecord } > confirmed }
        try await ada.send("6", to: general, id: "m6")
        await b.delivery.deliverHere(await ada.acks(6).suffix(1))
        await b.store.hold(.messagesAfter)
        await b.store.release(.sessionRecord)
        await b.store.calls.wait { $0.contains(.messagesAfter) }
        try await second.join(general, since: 0)
        await b.store.release(.messagesAfter)
        #expect(await second.outbound.waitForMessages(7).map(\.seq) == [6, 1, 2, 3, 4, 5, 6])
    }

    /// Both devices hear the channel where the user ends as a member, else neither does.
    @Test func aLeaveBesideAJoinIsOneOfTheTwo() async throws {
        let (_, _, bob, _) = try await makeChannel()
        let logIn = try #require(await bobsLogIn())
        let second = await a.connect(logIn)
        let user = try #require(await a.registry.user(logIn.user.userID))
        let reconciler = a.reconciler
        for turn in 1...100 {
            async let left: Void = second.leave(general)
            async let joined: Void = bob.tryToJoin(general)
            _ = (try await left, await joined)
            _ = await reconciler.reconcile()
            let isMember = try await a.store.isMember(logIn.user.userID, of: general)
            let inside = await user.channel(general)?.connections ?? []
            #expect(inside.count { [bob, second].map(\.session.connectionID).contains($0) } == (isMember ? 2 : 0), "turn \(turn)")
        }
    }

    @Test func aMemberIsInTheChannelOnWhateverInstance() async throws {
        let (ada, _, bob, _) = try await makeChannel()
        let bobOnB = await b.connect(try #require(await bobsLogIn()))
        try await ada.send("hello", to: general, id: "m1")
        let message = try #require(await ada.acks(1).first)
        await b.delivery.deliverHere([message])
        #expect(await bobOnB.outbound.waitForMessages(1) == [message])
        #expect(await bob.outbound.waitForMessages(1) == [message])
    }

    private func bobsLogIn() async throws -> LogIn? {
        try await b.accounts.logIn(username: "bob", password: "correct horse", peer: .unknown)
    }

    /// The user's other instance hears of it over the bus.
    @Test func joiningAndLeavingIsFollowedElsewhere() async throws {
        let (ada, _, _, _) = try await makeChannel()
        let dora = try await a.register("dora")
        let onA = await a.connect(dora)
        let onB = await b.connect(dora)
        try await onA.join(general)
        try await b.delivery.tellHere(.membership(general, dora.user.userID, isMember: true))
        try await ada.send("one", to: general, id: "m1")
        let one = await ada.acks(1)
        await b.delivery.deliverHere(one)
        #expect(await onB.outbound.waitForMessages(1) == one)
        try await onA.leave(general)
        try await b.delivery.tellHere(.membership(general, dora.user.userID, isMember: false))
        try await ada.send("two", to: general, id: "m2")
        await b.delivery.deliverHere(await ada.acks(2).suffix(1))
        await onB.executor.settle()
        #expect(onB.outbound.messages == one)
    }

    /// What was said between the joining and the news of it is brought, before what comes then; by a hint or without one.
    @Test(arguments: [true, false]) func whatWasSaidSinceTheJoiningComesElsewhereToo(hint: Bool) async throws {
        let (ada, _, _, _) = try await makeChannel()
        for index in 1...2 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        _ = await ada.acks(2)
        let dora = try await a.register("dora")
        let onA = await a.connect(dora)
        let onB = await b.connect(dora)
        let waiting = await b.connect(dora, resumes: true)
        // Hints on their way are waited for only while there is a bus.
        b.bus.setStatus(.reconnecting)
        let reconciler = b.reconciler
        await reconciler.begin()
        try await onA.join(general)
        for index in 3...5 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        let missed = Array(await ada.acks(5).suffix(3))
        await b.delivery.deliverHere(missed)
        if hint {
            try await b.delivery.tellHere(.membership(general, dora.user.userID, isMember: true))
        } else {
            _ = await reconciler.reconcile()
        }
        #expect(await onB.outbound.waitForMessages(3) == missed)
        try await ada.send("6", to: general, id: "m6")
        let next = Array(await ada.acks(6).suffix(1))
        await b.delivery.deliverHere(next)
        #expect(await onB.outbound.waitForMessages(4) == missed + next)
        #expect(await onA.outbound.waitForMessages(4) == missed + next)
        await waiting.receive(.success(.sync(SyncCommand(cursors: [:], stamp: nil, hasMore: false))))
        #expect(await waiting.outbound.waitForMessages(4) == missed + next)
        for connection in [onA, onB, waiting] {
            await connection.executor.settle()
            #expect(connection.outbound.messages == missed + next)
        }
    }

    /// A channel that can't be entered when the news of it comes is entered by a later round.
    @Test func aJoiningThatCouldNotBeFollowedIsTriedAgain() async throws {
        let (ada, _, _, carol) = try await makeChannel()
        try await carol.leave(general)
        let dora = try await a.register("dora")
        let onA = await a.connect(dora)
        let onB = await b.connect(dora)
        // Hints on their way are waited for only while there is a bus.
        b.bus.setStatus(.reconnecting)
        let reconciler = b.reconciler
        await reconciler.begin()
        try await onA.join(general)
        try await ada.send("1", to: general, id: "m1")
        let sent = await ada.acks(1)
        await b.store.failNext(.lastSeq, StoreError(.unavailable, "gone"))
        _ = await reconciler.reconcile()
        #expect(await b.registry.user(dora.user.userID)?.isIn(general) == false)
        _ = await reconciler.reconcile()
        #expect(await onB.outbound.waitForMessages(1) == sent)
    }

    /// A `SYNC` that finds messages of a channel which this instance doesn't know the user to be in brings them, once.
    @Test(arguments: [true, false]) func aSyncKnowsOfAJoiningBeforeItsInstance(resumes: Bool) async throws {
        let (ada, _, _, _) = try await makeChannel()
        let dora = try await a.register("dora")
        let onA = await a.connect(dora)
        let onB = await b.connect(dora, resumes: resumes)
        let stamp = try await a.store.watermark()
        try await onA.join(general)
        for index in 1...3 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        let sent = await ada.acks(3)
        await onB.receive(.success(.sync(SyncCommand(cursors: [:], stamp: stamp, hasMore: false))))
        await onB.outbound.outputs.wait { $0.contains { if case .synced = $0.event { true } else { false } } }
        #expect(onB.outbound.messages == sent)
        try await b.delivery.tellHere(.membership(general, dora.user.userID, isMember: true))
        try await ada.send("4", to: general, id: "m4")
        let next = Array(await ada.acks(4).suffix(1))
        await b.delivery.deliverHere(next)
        #expect(await onB.outbound.waitForMessages(4) == sent + next)
    }

    /// The channel has been entered when the rest of the `SYNC` fails.
    @Test func aSyncThatFailsAfterAJoiningBringsTheChannelAllTheSame() async throws {
        let (ada, _, _, _) = try await makeChannel()
        let dora = try await a.register("dora")
        let onA = await a.connect(dora)
        let onB = await b.connect(dora)
        let stamp = try await a.store.watermark()
        try await onA.join(general)
        for index in 1...3 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        let sent = await ada.acks(3)
        await b.store.failNext(.updates, StoreError(.unavailable, "gone"))
        await onB.receive(.success(.sync(SyncCommand(cursors: [:], stamp: stamp, hasMore: false))))
        #expect(await onB.errors(1).map(\.code) == [.storeUnavailable])
        #expect(await onB.outbound.waitForMessages(3) == sent)
        try await ada.send("4", to: general, id: "m4")
        let next = Array(await ada.acks(4).suffix(1))
        await b.delivery.deliverHere(next)
        #expect(await onB.outbound.waitForMessages(4) == sent + next)
    }

    /// It was published before the user joined again.
    @Test func aLateHintOfALeaveTakesNobodyOut() async throws {
        let (ada, _, _, carol) = try await makeChannel()
        let user = try #require(
            carol.outbound.events.compactMap { if case .welcome(let welcome) = $0 { welcome.principal.userID } else { nil } }.first
        )
        try await b.delivery.tellHere(.membership(general, user, isMember: false))
        try await ada.send("one", to: general, id: "m1")
        let one = await ada.acks(1)
        await b.delivery.deliverHere(one)
        #expect(await carol.outbound.waitForMessages(1) == one)
    }

    /// It has seen more elsewhere than has come here yet.
    @Test func sinceMayBeAheadOfWhatWasDeliveredHere() async throws {
        let (ada, _, _, carol) = try await makeChannel()
        try await ada.send("one", to: general, id: "m1")
        let one = await ada.acks(1)
        let dora = await b.connect(try await b.register("dora"))
        try await dora.join(general, since: 1)
        await b.delivery.deliverHere(one)
        try await ada.send("two", to: general, id: "m2")
        let two = Array(await ada.acks(2).suffix(1))
        await b.delivery.deliverHere(two)
        #expect(await carol.outbound.waitForMessages(2) == one + two)
        #expect(await dora.outbound.waitForMessages(1) == two)
    }

    @Test func aLostHintIsMadeUpFor() async throws {
        let (ada, _, _, carol) = try await makeChannel()
        for index in 1...3 { try await ada.send("\(index)", to: general, id: "m\(index)") }
        let sent = await ada.acks(3)
        await b.delivery.deliverHere([sent[2]])
        #expect(await carol.outbound.waitForMessages(3) == sent)
    }

    @Test func outsidersAreRefused() async throws {
        let (ada, _, bob, _) = try await makeChannel()
        try await bob.leave(general)
        try await bob.send("x", to: general, id: "m1")
        #expect(await bob.errors(1).first?.code == .forbidden)
        try await bob.send("x", to: try #require(ChannelName("nowhere")), id: "m2")
        #expect(await bob.errors(2).last?.code == .notFound)
        await bob.receive(.success(.conversation(.join(try #require(ChannelName("nowhere")), since: nil))))
        #expect(await bob.errors(3).last?.code == .notFound)
        await bob.receive(.success(.typing(.channel(general), isTyping: true)))
        #expect(await bob.errors(4).last?.code == .forbidden)
        #expect(ada.outbound.messages.isEmpty)
    }

    @Test func aTitleAndANameHaveRules() async throws {
        let ada = try await a.register("ada").user.userID
        let conversations = a.environment.conversations
        for (name, title) in [("General", nil), ("", nil), ("x", ""), ("x", String(repeating: "y", count: 101)), ("x", "a\nb")] {
            await #expect(throws: RequestError.self) { try await conversations.createChannel(name, title: title, by: ada) }
        }
        _ = try await conversations.createChannel("x", title: nil, by: ada)
        await #expect { try await conversations.createChannel("x", title: nil, by: ada) } throws: {
            ($0 as? RequestError)?.code == .conflict
        }
    }

    @Test func aUserIsInTwoHundredChannelsAtMost() async throws {
        let ada = try await a.register("ada")
        let connection = await a.connect(ada)
        for index in 0...Conversations.channelLimit {
            _ = try await a.environment.conversations.createChannel("c\(index)", title: nil, by: ada.user.userID)
        }
        for index in 0..<Conversations.channelLimit { try await connection.join(try #require(ChannelName("c\(index)"))) }
        await connection.receive(.success(.conversation(.join(try #require(ChannelName("c\(Conversations.channelLimit)")), since: nil))))
        #expect(await connection.errors(1).first?.code == .forbidden)
    }

    @Test func nothingIsLeftWhenAllHaveGone() async throws {
        let (ada, second, bob, carol) = try await makeChannel()
        #expect(a.registry.channels.count == 1)
        for connection in [ada, second, bob, carol] { await connection.session.connectionClosed() }
        await a.registry.waitUntilEmpty()
        await b.registry.waitUntilEmpty()
        #expect(a.registry.channels.count == 0)
        #expect(b.registry.channels.count == 0)
    }
}
