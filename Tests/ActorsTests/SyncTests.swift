import Actors
import TestSupport
import Testing

@Suite("Who was away is brought what was missed, once and in order, before what is new", .timeLimit(.minutes(3)))
struct SyncTests {
    private let a: Instance
    private let b: Instance

    init() {
        let store = InMemoryStore()
        let time = ManualTime()
        a = Instance("A", store: store, time: time)
        b = Instance("B", store: store, time: time)
    }

    /// Ada on A, Bob with nothing connected, and their conversation.
    private func pair() async throws -> (ada: Connection, bob: LogIn, conversation: ConversationID) {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let conversation = ConversationID.direct(UserPair(ada.user.userID, bob.user.userID))
        return (await a.connect(ada), bob, conversation)
    }

    private func send(_ range: ClosedRange<Int>, from ada: Connection, to bob: LogIn) async throws -> [Message] {
        for index in range { try await ada.send("\(index)", to: bob.user.userID, id: "m\(index)") }
        return Array(await ada.acks(range.upperBound).suffix(range.count))
    }

    @Test func cursorsBringWhatIsAboveThem() async throws {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...5, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        #expect(back.welcome?.stamp == nil)
        let synced = try await back.sync([conversation: 2])
        #expect(back.outbound.messages == Array(sent[2...]))
        #expect(synced.cursors == [conversation: 5])
        #expect(synced.isComplete)
    }

    @Test func nothingIsDeliveredBeforeTheSync() async throws {
        let (ada, bob, conversation) = try await pair()
        let back = await b.connect(bob, resumes: true)
        let sent = try await send(1...3, from: ada, to: bob)
        await b.delivery.deliverHere(sent)
        await back.executor.settle()
        #expect(back.outbound.messages.isEmpty)
        _ = try await back.sync([conversation: 0])
        #expect(back.outbound.messages == sent)
        let more = try await send(4...4, from: ada, to: bob)
        await b.delivery.deliverHere(more)
        #expect(await back.outbound.waitForMessages(4) == sent + more)
    }

    /// What came while it waited belongs to it, whether or not it names the conversation.
    @Test func whatCameMeanwhileComesWithoutACursor() async throws {
        let (ada, bob, _) = try await pair()
        let first = await b.connect(bob)
        let back = await b.connect(bob, resumes: true)
        let sent = try await send(1...3, from: ada, to: bob)
        await b.delivery.deliverHere(sent)
        await first.outbound.waitForMessages(3)
        _ = try await back.sync([:])
        #expect(await back.outbound.waitForMessages(3) == sent)
    }

    /// It waited in a queue while the bus was away, and what it tells has changed since.
    @Test func aHintOlderThanTheConnectionIsNotDelivered() async throws {
        let (ada, bob, _) = try await pair()
        let old = try await send(1...1, from: ada, to: bob)
        let fresh = await b.connect(bob)
        await b.delivery.deliverHere(old)
        let new = try await send(2...2, from: ada, to: bob)
        await b.delivery.deliverHere(new)
        #expect(await fresh.outbound.waitForMessages(1) == new)
        await fresh.executor.settle()
        #expect(fresh.outbound.messages == new)
    }

    @Test func aStampBringsConversationsThatTheClientHasNeverSeen() async throws {
        let (ada, bob, conversation) = try await pair()
        let first = await b.connect(bob)
        let stamp = try #require(first.welcome?.stamp)
        await first.session.connectionClosed()
        await b.registry.waitUntilEmpty()
        let sent = try await send(1...3, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        let synced = try await back.sync([:], stamp: stamp)
        #expect(back.outbound.messages == sent)
        #expect(synced.cursors == [conversation: 3])
        #expect(synced.stamp > stamp)
    }

    @Test func withoutAStampNothingOlderThanNowComes() async throws {
        let (ada, bob, _) = try await pair()
        _ = try await send(1...3, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        let synced = try await back.sync([:])
        #expect(synced.cursors == [:])
        #expect(back.outbound.messages.isEmpty)
    }

    @Test func aClientThatIsAheadIsToldNothingTwice() async throws {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...4, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        _ = try await back.sync([conversation: 4])
        await b.delivery.deliverHere(Array(sent[2...]))
        let more = try await send(5...5, from: ada, to: bob)
        await b.delivery.deliverHere(more)
        #expect(await back.outbound.waitForMessages(1) == more)
    }

    @Test func tooMuchIsCutAndGoesOnLiveAboveIt() async throws {
        let (ada, bob, conversation) = try await pair()
        _ = try await stored(1_500, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        let synced = try await back.sync([conversation: 0])
        #expect(!synced.isComplete)
        #expect(synced.cursors == [conversation: 1_000])
        #expect(back.outbound.messages.map(\.seq) == Array(1...1_000))
        let new = try await stored(1, from: ada, to: bob)
        await b.delivery.deliverHere(new)
        #expect(await back.outbound.waitForMessages(1_001).last?.seq == 1_501)
    }

    private func stored(_ count: Int, from ada: Connection, to bob: LogIn) async throws -> [Message] {
        let principal = try #require(ada.welcome?.principal)
        let fixture = Fixture(seed: UInt64(count))
        let drafts = try (0..<count).map { index in
            MessageDraft(
                messageID: fixture.id(),
                senderID: principal.userID,
                senderName: principal.username,
                content: "\(index)",
                clientMessageID: try #require(ClientMessageID("s\(count)-\(index)")),
                createdAt: b.time.now()
            )
        }
        let conversation = ConversationID.direct(UserPair(principal.userID, bob.user.userID))
        return try await a.store.append(drafts, to: conversation).compactMap { if case .stored(let message) = $0 { message } else { nil } }
    }

    @Test func conversationsOfOthersAreLeftOut() async throws {
        let (ada, bob, conversation) = try await pair()
        _ = try await send(1...3, from: ada, to: bob)
        let carol = try await a.register("carol")
        let back = await b.connect(carol, resumes: true)
        let general = ConversationID.channel(try #require(ChannelName("general")))
        let synced = try await back.sync([conversation: 0, general: 0])
        #expect(synced.cursors == [:])
        #expect(back.outbound.messages.isEmpty)
    }

    @Test func partsCountAsOne() async throws {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...2, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        await back.receive(.success(.sync(SyncCommand(cursors: [conversation: 1], stamp: nil, hasMore: true))))
        _ = try await back.sync([:])
        #expect(back.outbound.messages == Array(sent[1...]))
    }

    @Test func whereOnePartIsRefusedAllAre() async throws {
        let (ada, bob, conversation) = try await pair()
        _ = try await send(1...2, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        let absent = try #require(ChannelName("absent"))
        let tooMany = Dictionary(
            uniqueKeysWithValues: (0...20_000).compactMap { ChannelName("c\($0)").map { (ConversationID.channel($0), Int64(1)) } }
        )
        await back.receive(.success(.sync(SyncCommand(cursors: [.channel(absent): 1], stamp: nil, hasMore: true))))
        await back.receive(.success(.sync(SyncCommand(cursors: tooMany, stamp: nil, hasMore: true))))
        await back.receive(.success(.sync(SyncCommand(cursors: [conversation: 2], stamp: nil, hasMore: false))))
        #expect(await back.errors(2).map(\.code) == [.badRequest, .badRequest])
        let synced = try await back.sync([conversation: 2])
        #expect(synced.cursors == [:])
    }

    @Test func whatChangedMeanwhileIsTold() async throws {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...2, from: ada, to: bob)
        let first = await b.connect(bob)
        let stamp = try #require(first.welcome?.stamp)
        await first.session.connectionClosed()
        await b.registry.waitUntilEmpty()
        await ada.perform(.edit(sent[0].messageID, in: conversation, content: "edited"))
        let back = await b.connect(bob, resumes: true)
        _ = try await back.sync([conversation: 1], stamp: stamp)
        let updates = back.outbound.events.compactMap { if case .messageUpdated(let message, _) = $0 { message.content } else { nil } }
        #expect(updates == ["edited"])
        #expect(back.outbound.messages == [sent[1]])
    }

    /// Messages of others to a user, in several conversations, each of them edited.
    ///
    /// - Returns: the messages as they are now, in the order of the edits.
    private func edited(_ count: Int, to reader: LogIn) async throws -> [Message] {
        let fixture = Fixture(seed: 5)
        var messages: [Message] = []
        while messages.count < count {
            let author = fixture.user()
            let conversation = ConversationID.direct(UserPair(author.userID, reader.user.userID))
            let drafts = (0..<min(500, count - messages.count)).map { fixture.draft(from: author, "\($0)") }
            for outcome in try await a.store.append(drafts, to: conversation) {
                if case .stored(let message) = outcome { messages.append(message) }
            }
        }
        var edited: [Message] = []
        for message in messages {
            let outcome = try await a.store.edit(
                message.messageID,
                in: message.conversationID,
                by: message.senderID,
                content: "edited",
                at: a.time.now()
            )
            if case .changed(let message) = outcome { edited.append(message) }
        }
        return edited
    }

    @Test func howeverMuchWasEditedItIsAllTold() async throws {
        let bob = try await a.register("bob")
        let edited = try await edited(5_600, to: bob)
        let back = await b.connect(bob, resumes: true)
        let last = Dictionary(edited.map { ($0.conversationID, $0.seq) }) { max($0, $1) }
        await back.receive(.success(.sync(SyncCommand(cursors: last, stamp: Stamp(0), hasMore: false))))
        let outputs = await back.outbound.outputs.wait { $0.last?.synced != nil }
        #expect(outputs.last?.synced?.isComplete == true)
        #expect(back.outbound.updates == edited)
    }

    @Test func longMessagesWaitForAClientThatReadsSlowly() async throws {
        let (ada, bob, conversation) = try await pair()
        for index in 1...64 { try await ada.send(String(repeating: "x", count: 4_000), to: bob.user.userID, id: "m\(index)") }
        let sent = await ada.acks(64)
        let back = await b.connect(bob, resumes: true)
        back.outbound.takeOnly(16)
        async let synced = back.sync([conversation: 0])
        for told in stride(from: 16, through: 48, by: 16) {
            await b.time.waitForSleepers(1)
            #expect(back.outbound.messages.count == told)
            back.outbound.takeOnly(16)
            b.time.advance(by: .milliseconds(20))
        }
        #expect(try await synced.isComplete)
        #expect(back.outbound.messages == sent)
    }

    @Test func editsWaitForAClientThatReadsSlowly() async throws {
        let bob = try await a.register("bob")
        let edited = try await edited(1_200, to: bob)
        let back = await b.connect(bob, resumes: true)
        back.outbound.takeOnly(100)
        let last = Dictionary(edited.map { ($0.conversationID, $0.seq) }) { max($0, $1) }
        let before = back.outbound.events.count
        async let synced = back.sync(last, stamp: Stamp(0))
        // How far the authors have read is told too.
        for told in stride(from: 100, through: 1_200, by: 100) {
            await b.time.waitForSleepers(1)
            #expect(back.outbound.events.count - before == told)
            back.outbound.takeOnly(100)
            b.time.advance(by: .milliseconds(20))
        }
        #expect(try await synced.isComplete)
        #expect(back.outbound.updates == edited)
    }

    @Test func aStoreThatFailsWhileEditsAreReadIsAskedAgain() async throws {
        let bob = try await a.register("bob")
        let edited = try await edited(600, to: bob)
        let back = await b.connect(bob, resumes: true)
        back.outbound.takeOnly(1)
        let last = Dictionary(edited.map { ($0.conversationID, $0.seq) }) { max($0, $1) }
        async let synced = back.sync(last, stamp: Stamp(0))
        await b.time.waitForSleepers(1)
        await b.store.failNext(.updates, StoreError(.unavailable, "gone"))
        back.outbound.takeOnly(nil)
        b.time.advance(by: .milliseconds(20))
        await b.store.calls.wait { $0.count { $0 == .updates } == 2 }
        await b.time.waitForSleepers(1)
        b.time.advance(by: .seconds(3))
        #expect(try await synced.isComplete)
        #expect(back.outbound.updates == edited)
    }

    @Test func whoGoesIsReadNoMoreEdits() async throws {
        let bob = try await a.register("bob")
        let edited = try await edited(600, to: bob)
        let back = await b.connect(bob, resumes: true)
        back.outbound.takeOnly(10)
        let last = Dictionary(edited.map { ($0.conversationID, $0.seq) }) { max($0, $1) }
        await back.receive(.success(.sync(SyncCommand(cursors: last, stamp: Stamp(0), hasMore: false))))
        await b.time.waitForSleepers(1)
        await back.session.connectionClosed()
        back.outbound.takeOnly(nil)
        b.time.advance(by: .milliseconds(20))
        await b.registry.waitUntilEmpty()
        await back.executor.settle()
        #expect(back.outbound.updates.count == 10)
        #expect(b.store.calls.elements.count { $0 == .updates } == 1)
    }

    @Test func aSyncOfALiveSessionIsAReplay() async throws {
        let (ada, bob, conversation) = try await pair()
        let live = await a.connect(bob)
        let sent = try await send(1...3, from: ada, to: bob)
        await live.outbound.waitForMessages(3)
        _ = try await live.sync([conversation: 1])
        #expect(live.outbound.messages == sent + Array(sent[1...]))
        let replayed = live.outbound.events.count { if case .messageReceived(_, _, isReplayed: true) = $0 { true } else { false } }
        #expect(replayed == 2)
    }

    /// Five hundred sessions come back at once, each with something missed.
    @Test func aReconnectStormAsksTheStoreAFewTimesASession() async throws {
        let (ada, bob, conversation) = try await pair()
        let first = await b.connect(bob)
        let stamp = try #require(first.welcome?.stamp)
        await first.session.connectionClosed()
        await b.registry.waitUntilEmpty()
        let sent = try await send(1...3, from: ada, to: bob)
        let before = b.store.calls.elements.count
        let presence = Task { await b.presence.run() }
        let count = 500
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<count {
                group.addTask {
                    let back = await b.connect(bob, resumes: true)
                    _ = try await back.sync([conversation: 1], stamp: stamp)
                    #expect(back.outbound.messages == Array(sent[1...]))
                }
            }
        }
        presence.cancel()
        await presence.value
        // Confirmed, what was missed, what changed, and a page of messages; what the user's sessions share is read once.
        #expect(b.store.calls.elements.count - before <= count * 4 + 3)
    }

    @Test func whoBringsNoSyncIsClosed() async throws {
        let (_, bob, _) = try await pair()
        let back = await b.connect(bob, resumes: true)
        b.time.advance(by: .seconds(9))
        await back.session.tick()
        #expect(back.outbound.closeReason == nil)
        b.time.advance(by: .seconds(1))
        await back.session.tick()
        #expect(await back.outbound.waitForClose() == .syncExpected)
    }

    @Test func aSyncThatTheStoreTakesItsTimeForIsNotMissing() async throws {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...2, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        await b.store.hold(.missed)
        async let synced = back.sync([conversation: 0])
        await b.store.calls.wait { $0.contains(.missed) }
        b.time.advance(by: .seconds(11))
        await back.session.tick()
        #expect(back.outbound.closeReason == nil)
        // What is read is delivered only by an instance that knows of the latest kicks.
        _ = await b.reconciler.reconcile()
        await b.store.release(.missed)
        #expect(try await synced.cursors == [conversation: 2])
        #expect(back.outbound.messages == sent)
    }

    @Test func aStoreThatFailsIsAskedAgain() async throws {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...2, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        await b.store.failNext(.messagesAfter, StoreError(.unavailable, "gone"))
        async let synced = back.sync([conversation: 0])
        await b.time.waitForSleepers(1)
        b.time.advance(by: .seconds(3))
        #expect(try await synced.cursors == [conversation: 2])
        #expect(back.outbound.messages == sent)
    }

    /// Else it would wait for messages up to a number that may never come.
    @Test(arguments: [6, 1 << 53 - 1]) func aCursorOfAMessageThatIsNotThereIsRefused(absent: Int64) async throws {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...5, from: ada, to: bob)
        let back = await b.connect(bob, resumes: true)
        await back.receive(.success(.sync(SyncCommand(cursors: [conversation: absent], stamp: nil, hasMore: false))))
        let outputs = await back.outbound.outputs.wait { $0.contains { $0.refusal != nil } }
        #expect(outputs.compactMap(\.refusal).map(\.code) == [.badRequest])
        #expect(back.outbound.messages.isEmpty)
        #expect(try await back.sync([conversation: 4]).cursors == [conversation: 5])
        #expect(back.outbound.messages == [sent[4]])
    }

    @Test func aCursorOfAConversationWithoutMessagesIsRefused() async throws {
        let (_, bob, _) = try await pair()
        let back = await b.connect(bob, resumes: true)
        let own = ConversationID.direct(UserPair(bob.user.userID, bob.user.userID))
        await back.receive(.success(.sync(SyncCommand(cursors: [own: 1], stamp: nil, hasMore: false))))
        let outputs = await back.outbound.outputs.wait { $0.contains { $0.refusal != nil } }
        #expect(outputs.compactMap(\.refusal).map(\.code) == [.badRequest])
        #expect(try await back.sync([own: 0]).isComplete)
    }

    /// A reconnect on another instance under load, again and again: nothing is lost, nothing comes twice.
    @Test func aThousandReconnectsUnderLoad() async throws {
        let (ada, bob, conversation) = try await pair()
        let total = 3_000
        async let sending: Void = {
            for index in 1...total {
                try await ada.send("\(index)", to: bob.user.userID, id: "m\(index)")
                if index.isMultiple(of: 50) {
                    let acked = await ada.acks(index)
                    await b.delivery.deliverHere(Array(acked.suffix(50)))
                }
            }
        }()
        var generator = SeededGenerator(seed: 7)
        var seen: [Int64] = []
        var reconnects = 0
        while seen.count < total || reconnects < 1_000 {
            let instance = Bool.random(using: &generator) ? a : b
            let connection = await instance.connect(bob, resumes: true)
            await connection.receive(.success(.sync(SyncCommand(cursors: [conversation: seen.last ?? 0], stamp: nil, hasMore: false))))
            await connection.outbound.outputs.wait { $0.contains { if case .synced = $0.event { true } else { false } } }
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

extension Connection {
    fileprivate var welcome: Welcome? {
        outbound.events.lazy.compactMap { if case .welcome(let welcome) = $0 { welcome } else { nil } }.first
    }

    /// Brings cursors and waits for the end.
    fileprivate func sync(_ cursors: [ConversationID: Int64], stamp: Stamp? = nil) async throws -> Synced {
        await receive(.success(.sync(SyncCommand(cursors: cursors, stamp: stamp, hasMore: false))))
        let outputs = await outbound.outputs.wait { $0.contains { $0.synced != nil } }
        guard let synced = outputs.lazy.compactMap(\.synced).first else { throw RequestError(.internalError, "no SYNCED") }
        return synced
    }
}

extension RecordingOutbound {
    /// The changed messages that were written so far, in order.
    fileprivate var updates: [Message] {
        events.compactMap { if case .messageUpdated(let message, _) = $0 { message } else { nil } }
    }
}

extension RecordingOutbound.Output {
    fileprivate var synced: Synced? {
        guard case .synced(_, let synced) = event else { return nil }
        return synced
    }

    fileprivate var refusal: RequestError? {
        guard case .error(_, let error) = event else { return nil }
        return error
    }
}
