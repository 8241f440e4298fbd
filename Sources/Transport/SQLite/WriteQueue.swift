import Actors
import Dispatch
import GRDB
import Synchronization

/// Group commit: what is given while a transaction runs goes into the next one together, so that one `fsync` serves many callers.
///
/// It has a thread of its own, which holds the pool's writer from `start` to `close` and sleeps while there is nothing to do: a lone write
/// then wakes one thread, and nothing blocks one of Swift's cooperative pool or an event loop.
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
        /// Whether the writer sleeps and is to be woken.
        var isIdle = false
        var isClosed = false

        mutating func nextTurn() -> Turn {
            guard waiting.isEmpty else { return .work }
            guard !isClosed else { return .end }
            isIdle = true
            return .sleep
        }

        /// Whether the writer was asleep; it counts as awake from then on.
        mutating func takeIdle() -> Bool {
            defer { isIdle = false }
            return isIdle
        }
    }

    private enum Turn {
        case work
        case sleep
        case end
    }

    private let pool: DatabasePool
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)

    init(pool: DatabasePool) {
        self.pool = pool
    }

    /// Begins to write; called once.
    func start() {
        pool.asyncWriteWithoutTransaction { db in self.work(db) }
    }

    /// Runs `body` inside a write transaction and returns its value when that is durable.
    ///
    /// - Parameters:
    ///   - weight: how many rows it writes, roughly.
    ///   - body: must have no effect but on the database. What it throws undoes what it wrote.
    nonisolated(nonsending) func submit<Value: Sendable>(
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

    /// Refuses everything from now on. What waits is still done; then the writer is let go of.
    func close() {
        let isIdle = state.withLock { state in
            state.isClosed = true
            return state.takeIdle()
        }
        if isIdle { wakeUp.signal() }
    }

    private func enqueue(_ job: Job) {
        let (refusal, isIdle) = state.withLock { state -> (StoreError?, Bool) in
            guard !state.isClosed else { return (StoreError(.unavailable, "the store is closed"), false) }
            guard state.waitingWeight + job.weight <= Self.waitingLimit else {
                return (StoreError(.overloaded, "\(state.waitingWeight) writes wait already"), false)
            }
            state.waiting.append(job)
            state.waitingWeight += job.weight
            return (nil, state.takeIdle())
        }
        if let refusal {
            StoreMetrics.shared.noteRefused()
            job.fail(refusal)
        }
        if isIdle { wakeUp.signal() }
    }

    private func work(_ db: Database) {
        while true {
            switch state.withLock({ $0.nextTurn() }) {
            case .work: commitOnce(db)
            case .sleep: wakeUp.wait()
            case .end: return
            }
        }
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
        try db.inPreparedTransaction {
            var stamps = try StampCounter(db)
            let value = try body(&stamps)
            try stamps.save(db)
            return value
        }
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
