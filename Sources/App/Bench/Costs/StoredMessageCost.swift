import Actors
import Glibc
import LocalCluster
import Transport

/// How many bytes a message of about 100 characters takes in the SQLite file, with its share of conversations and indexes.
enum StoredMessageCost {
    private static let conversations = 200
    private static let batches = 10
    private static let batch = 20

    static func measure() async throws -> Double {
        let database = try await BenchDatabase.start()
        let path = String(database.uri.dropFirst("sqlite:".count))
        let store = try await database.open()
        let time = SystemTime()
        let ids = UUIDv7Generator(time: time)
        let pairs = (0..<conversations).map { _ in (ids.next(UserID.self), ids.next(UserID.self)) }
        // The tables and the first page of each are no message's.
        try await say(batch, pairs, store, ids, time)
        await store.close()
        let before = try size(of: path)
        let again = try await database.open()
        for _ in 0..<batches { try await say(batch, pairs, again, ids, time) }
        await again.close()
        return Double(try size(of: path) - before) / Double(conversations * batches * batch)
    }

    private static func say(
        _ count: Int,
        _ pairs: [(UserID, UserID)],
        _ store: any MessageStore,
        _ ids: UUIDv7Generator,
        _ time: SystemTime
    ) async throws {
        for (sender, other) in pairs {
            let drafts = (0..<count).compactMap { number in
                ClientMessageID("s-\(ids.next(MessageID.self))").map { clientMessageID in
                    MessageDraft(
                        messageID: ids.next(MessageID.self),
                        senderID: sender,
                        senderName: "bench",
                        content: LoadConnection.content(number),
                        clientMessageID: clientMessageID,
                        createdAt: time.now()
                    )
                }
            }
            _ = try await store.append(drafts, to: .direct(UserPair(sender, other)))
        }
    }

    /// Once the store is closed everything is in the one file.
    private static func size(of path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw BenchFailure("\(path) is gone") }
        return Int(status.st_size)
    }
}
