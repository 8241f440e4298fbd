import Actors
import GRDB
import Synchronization

/// Group commit: what is given while a transaction runs goes into the next one together, so that one `fsync` serves many callers.
///
/// It runs on the pool's writer queue, a dispatch queue of its own: nothing of it blocks a thread of Swift's cooperative pool.
/// A job that fails doesn't harm the others of its transaction: that is rolled back, and each job gets one to itself.
final class WriteQueue: Sendable {
    /// How much may wait; past it a job is refused as `.overloaded`.
    static let waitingLimit = 10_000

    /// How much goes into one transaction at most, so that the write-ahead log stays small and nobody waits long.
    static let transactionLimit = 2_000

    private struct Job: Sendable {
        /// How much of the limits it takes: rows, roughly.
        let weight: Int
        let givenAt = ContinuousClock.now
        /// Does the work and returns what tells the caller once it is committed. It may run twice, the first time undone.
        let run: @Sendable (Database, inout StampCounter) throws -> @Sendable () -> Void
        let fail: @Sendable (StoreError) -> Void
    }

    private struct State {
        var waiting: [Job] = []
        var waitingWeight = 0
        var isScheduled = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(pool: DatabasePool) {
        self.pool = pool
    }

    /// Runs `body` inside a write transaction and returns its value when that is durable.
    ///
    /// - Parameters:
    ///   - weight: how many rows it writes, roughly.
    ///   - body: must have no effect but on the database. What it throws undoes what it wrote.
    func submit<Value: Sendable>(
        weight: Int = 1,
        _ body: @escaping @Sendable (Database, inout StampCounter) throws -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, StoreError>, Never>) in
            let job = Job(
                weight: max(1, weight),
                run: { db, stamps in
                    let value = try body(db, &stamps)
                    return { continuation.resume(returning: .success(value)) }
                },
                fail: { continuation.resume(returning: .failure($0)) }
            )
            enqueue(job)
        }
        return try result.get()
    }

    /// Refuses everything from now on. What waits is still done.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    private func enqueue(_ job: Job) {
        let (refusal, mustSchedule) = state.withLock { state -> (StoreError?, Bool) in
            guard !state.isClosed else { return (StoreError(.unavailable, "the store is closed"), false) }
            guard state.waitingWeight + job.weight <= Self.waitingLimit else {
                return (StoreError(.overloaded, "\(state.waitingWeight) writes wait already"), false)
            }
            state.waiting.append(job)
            state.waitingWeight += job.weight
            defer { state.isScheduled = true }
            return (nil, !state.isScheduled)
        }
        if let refusal {
            StoreMetrics.shared.noteRefused()
            job.fail(refusal)
        }
        if mustSchedule { schedule() }
    }

    private func schedule() {
        pool.asyncWriteWithoutTransaction { db in
            // A turn a transaction, so that the pool's other work gets its turn too; but once closed, the file may be gone after this one.
            repeat { self.commitOnce(db) } while self.mustFinishNow()
            let hasMore = self.state.withLock { state in
                state.isScheduled = !state.waiting.isEmpty
                return state.isScheduled
            }
            if hasMore { self.schedule() }
        }
    }

    private func mustFinishNow() -> Bool {
        state.withLock { $0.isClosed && !$0.waiting.isEmpty }
    }

    private func commitOnce(_ db: Database) {
        var batch: [Job] = []
        var isRunningJobs = false
        let began = ContinuousClock.now
        defer { StoreMetrics.shared.worked(.now - began, on: .write) }
        do {
            let answers = try transaction(db) { stamps in
                batch = takeBatch()
                let taken = ContinuousClock.now
                for job in batch { StoreMetrics.shared.waited(taken - job.givenAt, for: .write) }
                isRunningJobs = true
                let answers = try batch.map { try $0.run(db, &stamps) }
                isRunningJobs = false
                return answers
            }
            for answer in answers { answer() }
        } catch {
            let failure = StoreError(sqlite: error)
            if isRunningJobs, batch.count > 1, failure.code != .unavailable {
                for job in batch { commitAlone(job, db) }
            } else {
                // Where the transaction could not even begin, all that wait have waited for the lock as long as one may.
                let failed = batch.isEmpty ? takeAll() : batch
                for job in failed { job.fail(failure) }
            }
        }
    }

    private func commitAlone(_ job: Job, _ db: Database) {
        do {
            let answer = try transaction(db) { stamps in try job.run(db, &stamps) }
            answer()
        } catch {
            job.fail(StoreError(sqlite: error))
        }
    }

    private func transaction<Value>(_ db: Database, _ body: (inout StampCounter) throws -> Value) throws -> Value {
        var value: Value?
        try db.inTransaction(.immediate) {
            var stamps = try StampCounter(db)
            value = try body(&stamps)
            try stamps.save(db)
            return .commit
        }
        guard let value else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
        return value
    }

    private func takeBatch() -> [Job] {
        state.withLock { state in
            var weight = 0
            let count = state.waiting.prefix { job in
                weight += job.weight
                return weight <= Self.transactionLimit
            }.count
            let batch = Array(state.waiting.prefix(max(1, count)))
            state.waiting.removeFirst(batch.count)
            state.waitingWeight -= batch.reduce(0) { $0 + $1.weight }
            return batch
        }
    }

    private func takeAll() -> [Job] {
        state.withLock { state in
            defer {
                state.waiting = []
                state.waitingWeight = 0
            }
            return state.waiting
        }
    }
}
