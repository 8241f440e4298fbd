import Actors
import LocalCluster
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Transport

@Suite("A MongoDB server that dies loses nothing that was acknowledged", .timeLimit(.minutes(3)))
struct MongoOutageTests {
    private let fixture = Fixture()

    @Test
    func `two stores go on by themselves when the server is back`() async throws {
        let server = try await MongoServer.start(ownOnly: true, survivesKill: true)
        let uri = server.uri(database: "outage")
        let stores = [try await MongoStore.openForTest(uri), try await MongoStore.openForTest(uri)]
        let alice = fixture.user()
        let conversations = (0..<3).map { _ in ConversationID.direct(UserPair(alice.userID, fixture.id())) }
        let acknowledged = Recorder<Message>()
        let progress = Progress()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    while !progress.isOver.load(ordering: .relaxed) {
                        let draft = fixture.draft(from: alice)
                        await send(draft, to: conversations[number % 3], by: stores[number % 2], progress, acknowledged)
                    }
                }
            }
            group.addTask {
                _ = await acknowledged.wait { $0.count >= 30 }
                await server.kill()
                while progress.failures.load(ordering: .relaxed) == 0 { await Task.yield() }
                do { try await server.restart() } catch { Issue.record(error) }
                let count = acknowledged.elements.count
                _ = await acknowledged.wait { $0.count >= count + 30 }
                progress.isOver.store(true, ordering: .relaxed)
            }
        }
        for conversation in conversations {
            let stored = try await stores[0].messages(in: conversation, before: nil, after: nil, limit: 100_000).messages
            let expected = acknowledged.elements.filter { $0.conversationID == conversation }.sorted { $0.seq < $1.seq }
            #expect(stored == expected)
            #expect(stored.map(\.seq) == Array(1...Int64(stored.count)))
        }
        for store in stores { await store.close() }
        await server.stop()
    }

    /// Sends until it is acknowledged, as a client does.
    private func send(
        _ draft: MessageDraft,
        to conversation: ConversationID,
        by store: MongoStore,
        _ progress: Progress,
        _ acknowledged: Recorder<Message>
    ) async {
        while true {
            do throws(StoreError) {
                switch try await store.append([draft], to: conversation).first {
                case .stored(let message), .duplicate(let message): acknowledged.append(message)
                case .conflict, nil: Issue.record("not stored")
                }
                return
            } catch {
                progress.failures.add(1, ordering: .relaxed)
                guard error.code == .unavailable || error.code == .timeout else {
                    Issue.record(error)
                    return
                }
            }
        }
    }

    @Test
    func `a server that hangs is said to be away, and to be back`() async throws {
        let server = try await MongoServer.start(ownOnly: true)
        let options = "socketTimeoutMS=1000&connectTimeoutMS=1000&serverSelectionTimeoutMS=1000"
        let store = try await MongoStore.openForTest(server.uri(database: "hang", options: options))
        let events = Recorder<RecordedLine>()
        let logger = Logger(label: "Store") { _ in RecordingLogHandler(events) }
        let monitor = StoreMonitor(store: store, time: RealTime(), interval: .milliseconds(50), logger: logger)
        let task = Task { try await monitor.run() }
        try await store.ping()
        server.pause()
        _ = await events.wait { $0.map(\.event).contains("store_unavailable") }
        server.resume()
        _ = await events.wait { $0.map(\.event).contains("store_restored") }
        task.cancel()
        try await task.value
        #expect(events.elements.map(\.event) == ["store_unavailable", "store_restored"])
        try await store.ping()
        await store.close()
        await server.stop()
    }

    @Test
    func `ten thousand operations go through`() async throws {
        try await MongoStore.with(SharedMongoServer.common.uri()) { store in
            let alice = fixture.user()
            try await store.createUser(alice, passwordHash: "hash")
            let conversation = ConversationID.direct(UserPair(alice.userID, alice.userID))
            for _ in 0..<50 {
                let drafts = (0..<20).map { _ in fixture.draft(from: alice) }
                #expect(try await store.append(drafts, to: conversation).count == 20)
            }
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<2_500 {
                            do {
                                let found = try await store.user(alice.userID)
                                #expect(found == alice)
                            } catch {
                                Issue.record(error)
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    func `losses and recoveries are told once each`() {
        var health = StoreHealth()
        #expect(health.answered(at: .seconds(1)) == .none)
        #expect(health.failed(at: .seconds(2)) == .lost)
        #expect(health.failed(at: .seconds(3)) == .none)
        #expect(health.answered(at: .seconds(5)) == .restored(.seconds(3)))
        #expect(health.answered(at: .seconds(6)) == .none)
    }
}

/// What the senders and the one who ends the server tell each other.
private final class Progress: Sendable {
    let isOver = Atomic(false)
    let failures = Atomic(0)
}
