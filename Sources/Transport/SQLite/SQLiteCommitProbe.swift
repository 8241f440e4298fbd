import Dispatch
import GRDB

/// What committing costs with nothing around it: one table, one writer, the settings of the store. What `switchboard bench` compares with.
package enum SQLiteCommitProbe {
    /// Commits one transaction after the other, each synced to disk.
    ///
    /// - Parameters:
    ///   - path: of a file that isn't there yet.
    ///   - rowsEach: inserts in a transaction, each of about 100 bytes.
    ///   - duration: for how long.
    /// - Returns: the time of each commit, from its `BEGIN` on.
    package static func commits(path: String, rowsEach: Int, for duration: Duration) async throws -> [Duration] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "SQLiteCommitProbe").async {
                continuation.resume(with: Result { try commitsBlocking(path: path, rowsEach: rowsEach, for: duration) })
            }
        }
    }

    private static func commitsBlocking(path: String, rowsEach: Int, for duration: Duration) throws -> [Duration] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, content)")
            let insert = try db.makeStatement(sql: "INSERT INTO rows (content) VALUES (?)")
            let content = String(repeating: "x", count: 100)
            var commits: [Duration] = []
            let clock = ContinuousClock()
            let end = clock.now + duration
            var start = clock.now
            while start < end {
                try db.inTransaction(.immediate) {
                    for _ in 0..<rowsEach { try insert.execute(arguments: [content]) }
                    return .commit
                }
                let now = clock.now
                commits.append(now - start)
                start = now
            }
            return commits
        }
    }
}
