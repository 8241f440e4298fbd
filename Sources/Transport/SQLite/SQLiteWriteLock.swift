import Dispatch
import Foundation
import GRDB

/// Another program that writes to the same file, and takes its time: what `switchboard chaos` does to a store.
package enum SQLiteWriteLock {
    /// Holds the write lock of a database for a time.
    package static func hold(path: String, for duration: Duration) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue(label: "SQLiteWriteLock").async {
                continuation.resume(with: Result { try holdBlocking(path: path, for: duration) })
            }
        }
    }

    private static func holdBlocking(path: String, for duration: Duration) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                Thread.sleep(forTimeInterval: duration / .seconds(1))
                return .rollback
            }
        }
    }
}
