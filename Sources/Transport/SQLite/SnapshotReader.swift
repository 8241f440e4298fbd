import Actors
import GRDB
import Synchronization

/// Runs reads on GRDB's readers, each in one snapshot of what is committed.
final class SnapshotReader: Sendable {
    private let pool: DatabasePool
    private let limit: Int
    private let underWay = Atomic(0)
    private let begun = Atomic(0)

    /// - Parameter limit: how many reads may wait for a reader; past it they are refused as `.overloaded`.
    init(pool: DatabasePool, limit: Int) {
        self.pool = pool
        self.limit = limit
    }

    /// Reads so far.
    var count: Int { begun.load(ordering: .relaxed) }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        guard underWay.add(1, ordering: .relaxed).newValue <= limit else {
            underWay.subtract(1, ordering: .relaxed)
            StoreMetrics.shared.noteRefused()
            throw StoreError(.overloaded, "\(limit) reads wait already")
        }
        defer { underWay.subtract(1, ordering: .relaxed) }
        begun.add(1, ordering: .relaxed)
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, StoreError>, Never>) in
            let asked = ContinuousClock.now
            pool.asyncRead { reader in
                let began = ContinuousClock.now
                StoreMetrics.shared.waited(began - asked, for: .read)
                let result = Result { try body(reader.get()) }
                StoreMetrics.shared.worked(.now - began, on: .read)
                continuation.resume(returning: result.mapError { StoreError(sqlite: $0) })
            }
        }
        return try result.get()
    }
}
