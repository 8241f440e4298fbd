import Actors
import FoundationEssentials
import LocalCluster
import TestSupport
import Testing

@testable import Transport

@Suite(
    "MongoDB is asked as often for many conversations as for one",
    .enabled(
        if: ProcessInfo.processInfo.environment["TEST_MONGODB_URI"] == nil,
        "the queries are counted on the way to a server of its own"
    )
)
struct MongoQueryTests {
    private let fixture = Fixture()

    @Test
    func `the number of queries does not follow the number of conversations`() async throws {
        let server = try await SharedMongoServer.common.server
        let proxy = try await ReplyCutter.start(to: server.port)
        let uri = "mongodb://127.0.0.1:\(proxy.port)/\(SharedMongoServer.newDatabase())?directConnection=true"
        try await MongoStore.with(uri) { store in
            var queries: [[Int]] = []
            for count in [2, 30] { queries.append(try await counted(store, conversations: count, proxy)) }
            // conversations(of:), missed, messages(after:), updatedMessages, updates, channels(after:)
            #expect(queries == [[3, 4, 2, 1, 4, 3], [3, 4, 2, 1, 4, 3]])
        }
        await proxy.stop()
    }

    /// How many queries each function takes for a user of so many conversations, half of them channels.
    private func counted(_ store: MongoStore, conversations: Int, _ proxy: ReplyCutter) async throws -> [Int] {
        let alice = fixture.user()
        for index in 0..<conversations / 2 {
            let name = try #require(ChannelName("channel-\(conversations)-\(index)"))
            try await store.createChannel(fixture.channel(name, by: alice))
            _ = try await store.join(name, user: alice.userID, limit: 100)
            _ = try await store.append([fixture.draft(from: alice)], to: .channel(name))
            _ = try await store.append([fixture.draft(from: alice)], to: .direct(UserPair(alice.userID, fixture.id())))
        }
        _ = proxy.takeQueries()
        var counts: [Int] = []
        let listed = try await store.conversations(of: alice.userID, limit: 100).map(\.conversationID)
        #expect(listed.count == conversations)
        counts.append(proxy.takeQueries().count)
        let cursors = Dictionary(uniqueKeysWithValues: listed.prefix(conversations / 2).map { ($0, Int64(0)) })
        let missed = try await store.missed(by: alice.userID, cursors: cursors, since: Stamp(1))
        #expect(missed.conversations.count == conversations)
        counts.append(proxy.takeQueries().count)
        #expect(try await store.messages(after: cursors, each: 5, limit: 100).count == conversations / 2)
        counts.append(proxy.takeQueries().count)
        _ = try await store.updatedMessages(in: listed, after: .beginning, limit: 100)
        counts.append(proxy.takeQueries().count)
        _ = try await store.updates(for: alice.userID, after: UpdatesPosition(after: Stamp(0)), limit: 100)
        counts.append(proxy.takeQueries().count)
        #expect(try await store.channels(after: nil, limit: 100).count >= conversations / 2)
        counts.append(proxy.takeQueries().count)
        return counts
    }
}
