import Actors
import TestSupport
import Testing

@Suite("A sync waits for a client that reads slowly and for a store that fails, and asks no more than it must", .timeLimit(.minutes(3)))
struct SyncPaceTests {
    private let cluster = SyncFixture()

    /// Has the client take `count` more, nil for all there is, and the sync look at that.
    private func goOn(_ back: Connection, taking count: Int?) {
        back.outbound.takeOnly(count)
        cluster.b.time.advance(by: .milliseconds(20))
    }

    /// Has the client take `step` at a time until `total` are `written`.
    private func read(_ back: Connection, by step: Int, upTo total: Int, written: () -> Int) async {
        for told in stride(from: step, through: total, by: step) {
            await cluster.b.time.waitForSleepers(1)
            #expect(written() == told)
            goOn(back, taking: step)
        }
    }

    @Test func longMessagesWaitForAClientThatReadsSlowly() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        for index in 1...64 { try await ada.send(String(repeating: "x", count: 4_000), to: bob.user.userID, id: "m\(index)") }
        let sent = await ada.acks(64)
        let back = await cluster.resume(bob)
        back.outbound.takeOnly(16)
        async let synced = back.sync([conversation: 0])
        await read(back, by: 16, upTo: 48) { back.outbound.messages.count }
        #expect(try await synced.isComplete)
        #expect(back.outbound.messages == sent)
    }

    @Test func editsWaitForAClientThatReadsSlowly() async throws {
        let (back, edited, cursors) = try await cluster.missed(edits: 1_200)
        back.outbound.takeOnly(100)
        let before = back.outbound.events.count
        async let synced = back.sync(cursors, stamp: Stamp(0))
        // How far the authors have read is told too.
        await read(back, by: 100, upTo: 1_200) { back.outbound.events.count - before }
        #expect(try await synced.isComplete)
        #expect(back.outbound.updates == edited)
    }

    @Test func aStoreThatFailsWhileEditsAreReadIsAskedAgain() async throws {
        let (back, edited, cursors) = try await cluster.missed(edits: 600)
        back.outbound.takeOnly(1)
        async let synced = back.sync(cursors, stamp: Stamp(0))
        await cluster.b.time.waitForSleepers(1)
        await cluster.b.store.failNext(.updates, StoreError(.unavailable, "gone"))
        goOn(back, taking: nil)
        await cluster.b.store.calls.wait { $0.count { $0 == .updates } == 2 }
        await cluster.b.time.waitForSleepers(1)
        cluster.b.time.advance(by: .seconds(3))
        #expect(try await synced.isComplete)
        #expect(back.outbound.updates == edited)
    }

    @Test func whoGoesIsReadNoMoreEdits() async throws {
        let (back, _, cursors) = try await cluster.missed(edits: 600)
        back.outbound.takeOnly(10)
        await back.bring(cursors, stamp: Stamp(0))
        await cluster.b.time.waitForSleepers(1)
        await back.session.connectionClosed()
        goOn(back, taking: nil)
        await cluster.b.registry.waitUntilEmpty()
        await back.executor.settle()
        #expect(back.outbound.updates.count == 10)
        #expect(cluster.b.store.calls.elements.count { $0 == .updates } == 1)
    }

    @Test func aSyncThatTheStoreTakesItsTimeForIsNotMissing() async throws {
        let (back, sent, conversation) = try await cluster.missed(messages: 2)
        await cluster.b.store.hold(.missed)
        async let synced = back.sync([conversation: 0])
        await cluster.b.store.calls.wait { $0.contains(.missed) }
        cluster.b.time.advance(by: .seconds(11))
        await back.session.tick()
        #expect(back.outbound.closeReason == nil)
        // What is read is delivered only by an instance that knows of the latest kicks.
        _ = await cluster.b.reconciler.reconcile()
        await cluster.b.store.release(.missed)
        #expect(try await synced.cursors == [conversation: 2])
        #expect(back.outbound.messages == sent)
    }

    @Test func aStoreThatFailsIsAskedAgain() async throws {
        let (back, sent, conversation) = try await cluster.missed(messages: 2)
        await cluster.b.store.failNext(.messagesAfter, StoreError(.unavailable, "gone"))
        async let synced = back.sync([conversation: 0])
        await cluster.b.time.waitForSleepers(1)
        cluster.b.time.advance(by: .seconds(3))
        #expect(try await synced.cursors == [conversation: 2])
        #expect(back.outbound.messages == sent)
    }

    /// Five hundred sessions come back at once, each with something missed.
    @Test func aReconnectStormAsksTheStoreAFewTimesASession() async throws {
        let (ada, bob, conversation) = try await cluster.pair()
        let stamp = try await cluster.leave(bob)
        let sent = try await cluster.send(1...3, from: ada, to: bob)
        let before = cluster.b.store.calls.elements.count
        let presence = Task { await cluster.b.presence.run() }
        let count = 500
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<count {
                group.addTask {
                    let back = await cluster.resume(bob)
                    try await back.sync([conversation: 1], stamp: stamp)
                    #expect(back.outbound.messages == Array(sent[1...]))
                }
            }
        }
        presence.cancel()
        await presence.value
        // Confirmed, what was missed, what changed, and a page of messages; what the user's sessions share is read once.
        #expect(cluster.b.store.calls.elements.count - before <= count * 4 + 3)
    }
}
