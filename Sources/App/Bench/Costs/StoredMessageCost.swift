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
        let drafts = BenchDrafts()
        let pairs = (0..<conversations).map { _ in (drafts.newUser(), drafts.newUser()) }
        // The tables and the first page of each are no message's.
        let before = try await size(of: database, after: 1, pairs, drafts)
        let after = try await size(of: database, after: batches, pairs, drafts)
        return Double(after - before) / Double(conversations * batches * batch)
    }

    /// How large the file is once so many batches more were said in each conversation.
    private static func size(
        of database: BenchDatabase,
        after batches: Int,
        _ pairs: [(UserID, UserID)],
        _ drafts: BenchDrafts
    ) async throws -> Int {
        let store = try await database.open()
        for _ in 0..<batches {
            for (sender, other) in pairs {
                let messages = try (0..<batch).map { try drafts.next(by: sender, $0) }
                _ = try await store.append(messages, to: .direct(UserPair(sender, other)))
            }
        }
        await store.close()
        return try size(of: database.path ?? "")
    }

    /// Once the store is closed everything is in the one file.
    private static func size(of path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw BenchFailure("\(path) is gone") }
        return Int(status.st_size)
    }
}
