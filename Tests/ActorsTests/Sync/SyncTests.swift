import Actors
import TestSupport
import Testing

@Suite("Who was away is brought what was missed, once and in order, before what is new", .timeLimit(.minutes(3)))
struct SyncTests {
    private let cluster = SyncFixture()

    @Test func cursorsBringWhatIsAboveThem() async throws {
        let (back, sent, conversation) = try await cluster.missed(messages: 5)
        #expect(back.welcome?.stamp == nil)
        let synced = try await back.sync([conversation: 2])
        #expect(back.outbound.messages == Array(sent[2...]))
        #expect(synced.cursors == [conversation: 5])
        #expect(synced.isComplete)
    }

    @Test func nothingIsDeliveredBeforeTheSync() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let back = await cluster.resume(bob)
        let sent = try await cluster.send(1...3, from: ada, to: bob)
        await cluster.b.delivery.deliverHere(sent)
        await back.executor.settle()
        #expect(back.outbound.messages.isEmpty)
        try await back.sync([conversation: 0])
        #expect(back.outbound.messages == sent)
        let more = try await cluster.send(4...4, from: ada, to: bob)
        await cluster.b.delivery.deliverHere(more)
        #expect(await back.outbound.waitForMessages(4) == sent + more)
    }

    /// What came while it waited belongs to it, whether or not it names the conversation.
    @Test func whatCameMeanwhileComesWithoutACursor() async throws {
        let (ada, bob, _) = try await cluster.pair()
        let first = await cluster.b.connect(bob)
        let back = await cluster.resume(bob)
        let sent = try await cluster.send(1...3, from: ada, to: bob)
        await cluster.b.delivery.deliverHere(sent)
        await first.outbound.waitForMessages(3)
        try await back.sync([:])
        #expect(await back.outbound.waitForMessages(3) == sent)
    }

    /// It waited in a queue while the bus was away, and what it tells has changed since.
    @Test func aHintOlderThanTheConnectionIsNotDelivered() async throws {
        let (ada, bob, _) = try await cluster.pair()
        let old = try await cluster.send(1...1, from: ada, to: bob)
        let fresh = await cluster.b.connect(bob)
        await cluster.b.delivery.deliverHere(old)
        let new = try await cluster.send(2...2, from: ada, to: bob)
        await cluster.b.delivery.deliverHere(new)
        #expect(await fresh.outbound.waitForMessages(1) == new)
        await fresh.executor.settle()
        #expect(fresh.outbound.messages == new)
    }

    @Test func aStampBringsConversationsThatTheClientHasNeverSeen() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let stamp = try await cluster.leave(bob)
        let sent = try await cluster.send(1...3, from: ada, to: bob)
        let back = await cluster.resume(bob)
        let synced = try await back.sync([:], stamp: stamp)
        #expect(back.outbound.messages == sent)
        #expect(synced.cursors == [conversation: 3])
        #expect(synced.stamp > stamp)
    }

    @Test func withoutAStampNothingOlderThanNowComes() async throws {
        let (back, _, _) = try await cluster.missed(messages: 3)
        let synced = try await back.sync([:])
        #expect(synced.cursors == [:])
        #expect(back.outbound.messages.isEmpty)
    }

    @Test func aClientThatIsAheadIsToldNothingTwice() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let sent = try await cluster.send(1...4, from: ada, to: bob)
        let back = await cluster.resume(bob)
        try await back.sync([conversation: 4])
        await cluster.b.delivery.deliverHere(Array(sent[2...]))
        let more = try await cluster.send(5...5, from: ada, to: bob)
        await cluster.b.delivery.deliverHere(more)
        #expect(await back.outbound.waitForMessages(1) == more)
    }

    @Test func tooMuchIsCutAndGoesOnLiveAboveIt() async throws {
        let (ada, bob) = (try await cluster.a.register("ada"), try await cluster.a.register("bob"))
        let fixture = Fixture()
        let missed = try await cluster.a.talk(1_500, from: ada.user, to: bob.user, fixture)
        let conversation = try #require(missed.first).conversationID
        let back = await cluster.resume(bob)
        let synced = try await back.sync([conversation: 0])
        #expect(!synced.isComplete)
        #expect(synced.cursors == [conversation: 1_000])
        #expect(back.outbound.messages.map(\.seq) == Array(1...1_000))
        let new = try await cluster.a.talk(1, from: ada.user, to: bob.user, fixture)
        await cluster.b.delivery.deliverHere(new)
        #expect(await back.outbound.waitForMessages(1_001).last?.seq == 1_501)
    }

    @Test func whatChangedMeanwhileIsTold() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let sent = try await cluster.send(1...2, from: ada, to: bob)
        let stamp = try await cluster.leave(bob)
        await ada.perform(.edit(sent[0].messageID, in: conversation, content: "edited"))
        let back = await cluster.resume(bob)
        try await back.sync([conversation: 1], stamp: stamp)
        #expect(back.outbound.updates.map(\.content) == ["edited"])
        #expect(back.outbound.messages == [sent[1]])
    }

    @Test func howeverMuchWasEditedItIsAllTold() async throws {
        let (back, edited, cursors) = try await cluster.missed(edits: 5_600)
        await back.bring(cursors, stamp: Stamp(0))
        let outputs = await back.outbound.outputs.wait { $0.last?.synced != nil }
        #expect(outputs.last?.synced?.isComplete == true)
        #expect(back.outbound.updates == edited)
    }

    @Test func aSyncOfALiveSessionIsAReplay() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let live = await cluster.a.connect(bob)
        let sent = try await cluster.send(1...3, from: ada, to: bob)
        await live.outbound.waitForMessages(3)
        try await live.sync([conversation: 1])
        #expect(live.outbound.messages == sent + Array(sent[1...]))
        let replayed = live.outbound.events.count { if case .messageReceived(_, _, isReplayed: true) = $0 { true } else { false } }
        #expect(replayed == 2)
    }

    /// A reconnect on another instance under load, again and again: nothing is lost, nothing comes twice.
    @Test func aThousandReconnectsUnderLoad() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let total = 3_000
        async let sending: Void = {
            for index in 1...total {
                try await ada.send("\(index)", to: bob.user.userID, id: "m\(index)")
                if index.isMultiple(of: 50) {
                    let acked = await ada.acks(index)
                    await cluster.b.delivery.deliverHere(Array(acked.suffix(50)))
                }
            }
        }()
        var generator = SeededGenerator(seed: 7)
        var seen: [Int64] = []
        var reconnects = 0
        while seen.count < total || reconnects < 1_000 {
            let instance = Bool.random(using: &generator) ? cluster.a : cluster.b
            let connection = await instance.connect(bob, resumes: true)
            try await connection.sync([conversation: seen.last ?? 0])
            for _ in 0..<Int.random(in: 0...3, using: &generator) { await Task.yield() }
            await connection.session.connectionClosed()
            await connection.executor.settle()
            seen += connection.outbound.messages.map(\.seq)
            reconnects += 1
        }
        try await sending
        #expect(seen == (1...Int64(total)).map(\.self))
    }
}
