import Actors
import TestSupport
import Testing

/// Two instances on one store: Ada writes on A while Bob is away, and Bob comes back on B.
struct SyncFixture: Sendable {
    let a: Instance
    let b: Instance

    init() {
        let store = InMemoryStore()
        let time = ManualTime()
        a = Instance("A", store: store, time: time)
        b = Instance("B", store: store, time: time)
    }

    /// Ada on A, Bob with nothing connected, and their conversation.
    func pair() async throws -> (ada: Connection, bob: LogIn, conversation: ConversationID) {
        let (ada, bob) = (try await a.register("ada"), try await a.register("bob"))
        let conversation = ConversationID.direct(UserPair(ada.user.userID, bob.user.userID))
        return (await a.connect(ada), bob, conversation)
    }

    /// Bob back on B, before his sync, with messages of Ada's to him that he has missed.
    func missed(messages count: Int) async throws -> (back: Connection, sent: [Message], conversation: ConversationID) {
        let (ada, bob, conversation) = try await pair()
        let sent = try await send(1...count, from: ada, to: bob)
        return (await resume(bob), sent, conversation)
    }

    /// Bob back on B, before his sync, with messages of others to him in several conversations, each of them edited since he had it.
    ///
    /// - Returns: also the messages as they are now, in the order of the edits, and the cursors of one who has had all of them.
    func missed(edits count: Int) async throws -> (back: Connection, edited: [Message], cursors: [ConversationID: Int64]) {
        let bob = try await a.register("bob")
        let fixture = Fixture()
        var messages: [Message] = []
        while messages.count < count {
            messages += try await a.talk(min(500, count - messages.count), from: fixture.user(), to: bob.user, fixture)
        }
        let edited = try await a.edit(messages)
        return (await resume(bob), edited, Dictionary(edited.map { ($0.conversationID, $0.seq) }) { max($0, $1) })
    }

    /// Has Bob be on B and leave.
    ///
    /// - Returns: the stamp that his client has from there.
    func leave(_ bob: LogIn) async throws -> Stamp {
        let first = await b.connect(bob)
        let stamp = try #require(first.welcome?.stamp)
        await first.session.connectionClosed()
        await b.registry.waitUntilEmpty()
        return stamp
    }

    /// Connects to B as one who will sync.
    func resume(_ logIn: LogIn) async -> Connection {
        await b.connect(logIn, resumes: true)
    }

    /// Sends a message for each number, and returns them as they were acknowledged.
    func send(_ range: ClosedRange<Int>, from ada: Connection, to bob: LogIn) async throws -> [Message] {
        for index in range { try await ada.send("\(index)", to: bob.user.userID, id: "m\(index)") }
        return Array(await ada.acks(range.upperBound).suffix(range.count))
    }
}

extension Connection {
    /// Brings cursors.
    func bring(_ cursors: [ConversationID: Int64], stamp: Stamp? = nil, hasMore: Bool = false) async {
        await receive(.success(.sync(SyncCommand(cursors: cursors, stamp: stamp, hasMore: hasMore))))
    }

    /// Brings cursors and waits for the end.
    @discardableResult
    func sync(_ cursors: [ConversationID: Int64], stamp: Stamp? = nil) async throws -> Synced {
        await bring(cursors, stamp: stamp)
        let outputs = await outbound.outputs.wait { $0.contains { $0.synced != nil } }
        guard let synced = outputs.lazy.compactMap(\.synced).first else { throw RequestError(.internalError, "no SYNCED") }
        return synced
    }
}

extension RecordingOutbound.Output {
    var synced: Synced? {
        guard case .synced(_, let synced) = event else { return nil }
        return synced
    }
}
