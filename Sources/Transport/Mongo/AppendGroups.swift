import Actors
import DequeModule

/// Group commit over conversations: what comes while a group is under way goes together in the next one.
///
/// The next one waits until as much has gathered as is under way, or until that is done: so groups become equally large, and a few slow
/// appends don't hold up the many.
actor AppendGroups {
    /// What was carried out since the start.
    struct Count: Sendable {
        var inserts = 0
        var messages = 0
        /// The most messages of one insert.
        var largest = 0
    }

    private struct Waiting {
        let attempt: AppendAttempt
        let continuation: CheckedContinuation<Result<AppendAttempt, MongoFailure>, Never>
    }

    /// How many groups are under way at the most.
    private let concurrency: Int
    private let waitingLimit: Int
    /// Messages of one group at most, so that an insert stays far below the 48 MB of a command.
    private let groupLimit = 1_000
    private let perform: @Sendable (AppendGroup) async throws(MongoFailure) -> AppendGroup
    private var waiting: Deque<Waiting> = []
    private var workers: [Int: Task<Void, Never>] = [:]
    private var workerCount = 0
    /// Appends in all groups.
    private var underWay = 0
    private(set) var count = Count()

    /// - Parameters:
    ///   - waitingLimit: how many appends may wait; past it they are refused as `.overloaded`.
    ///   - perform: carries a group out.
    init(
        concurrency: Int = 4,
        waitingLimit: Int,
        perform: @escaping @Sendable (AppendGroup) async throws(MongoFailure) -> AppendGroup
    ) {
        self.concurrency = concurrency
        self.waitingLimit = waitingLimit
        self.perform = perform
    }

    var waitingCount: Int { waiting.count }

    /// Carries an append out as far as it goes.
    ///
    /// - Throws: where it was not begun.
    func carryOut(_ attempt: AppendAttempt) async throws(MongoFailure) -> AppendAttempt {
        guard waiting.count < waitingLimit else { throw MongoFailure(.overloaded, "\(waiting.count) appends wait already") }
        let result = await withCheckedContinuation { continuation in
            waiting.append(Waiting(attempt: attempt, continuation: continuation))
            if workers.count < concurrency, isWorthAGroup { startWorker() }
        }
        return try result.get()
    }

    /// Returns when nothing is under way any more.
    func finish() async {
        while let worker = workers.values.first { await worker.value }
    }

    private var isWorthAGroup: Bool { !waiting.isEmpty && waiting.count >= underWay }

    private func startWorker() {
        workerCount += 1
        let number = workerCount
        workers[number] = Task { await self.work(number) }
    }

    private func work(_ number: Int) async {
        while isWorthAGroup { await carryOut(nextGroup()) }
        workers[number] = nil
    }

    private func nextGroup() -> [Waiting] {
        var group: [Waiting] = []
        var size = 0
        while let next = waiting.first, group.isEmpty || size + next.attempt.draftCount <= groupLimit {
            size += next.attempt.draftCount
            group.append(next)
            waiting.removeFirst()
        }
        return group
    }

    private func carryOut(_ members: [Waiting]) async {
        underWay += members.count
        defer { underWay -= members.count }
        do throws(MongoFailure) {
            let group = try await perform(AppendGroup(members.map(\.attempt)))
            for size in group.insertSizes {
                count.inserts += 1
                count.messages += size
                count.largest = max(count.largest, size)
            }
            for (member, attempt) in zip(members, group.attempts) { member.continuation.resume(returning: .success(attempt)) }
        } catch {
            for member in members { member.continuation.resume(returning: .failure(error)) }
        }
    }
}
