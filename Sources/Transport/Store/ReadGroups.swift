import Actors
import DequeModule

/// Reads of one kind that are asked for at the same time go to the store together: what comes while a group is under way goes in the next
/// one. So thousands of sessions that come back at once cost few queries, and one that comes alone waits for nobody.
///
/// Every group begins after all of its reads were asked for.
actor ReadGroups<Request: Sendable, Answer: Sendable> {
    private struct Waiting {
        let request: Request
        let continuation: CheckedContinuation<Result<Answer, StoreError>, Never>
    }

    /// How many groups are under way at the most.
    private let concurrency: Int
    /// Reads of one group at most.
    private let groupLimit: Int
    /// How many reads may wait; past it they are refused as `.overloaded`.
    private let waitingLimit: Int
    private let perform: @Sendable ([Request]) async throws(StoreError) -> [Answer]
    private var waiting: Deque<Waiting> = []
    private var workers: [Int: Task<Void, Never>] = [:]
    private var workerCount = 0
    /// Reads in all groups.
    private var underWay = 0

    /// - Parameter perform: carries a group out; an answer a read, in their order.
    init(
        concurrency: Int = 2,
        groupLimit: Int = 250,
        waitingLimit: Int = 20_000,
        perform: @escaping @Sendable ([Request]) async throws(StoreError) -> [Answer]
    ) {
        self.concurrency = concurrency
        self.groupLimit = groupLimit
        self.waitingLimit = waitingLimit
        self.perform = perform
    }

    var waitingCount: Int { waiting.count }

    /// Reads, with others where there are some.
    func ask(_ request: Request) async throws(StoreError) -> Answer {
        guard waiting.count < waitingLimit else { throw StoreError(.overloaded, "\(waiting.count) reads wait already") }
        let result = await withCheckedContinuation { continuation in
            waiting.append(Waiting(request: request, continuation: continuation))
            if workers.count < concurrency, isWorthAGroup { startWorker() }
        }
        return try result.get()
    }

    /// A second group sets out when as much waits as is under way: a read that hangs doesn't hold up the others for long.
    private var isWorthAGroup: Bool { !waiting.isEmpty && waiting.count >= underWay }

    private func startWorker() {
        workerCount += 1
        let number = workerCount
        workers[number] = Task { await self.work(number) }
    }

    private func work(_ number: Int) async {
        while isWorthAGroup {
            let group = Array(waiting.prefix(groupLimit))
            waiting.removeFirst(group.count)
            underWay += group.count
            await carryOut(group)
            underWay -= group.count
        }
        workers[number] = nil
    }

    private func carryOut(_ group: [Waiting]) async {
        do throws(StoreError) {
            let answers = try await perform(group.map(\.request))
            for (place, member) in group.enumerated() {
                let answer = answers.indices.contains(place) ? Result.success(answers[place]) : .failure(Self.missing)
                member.continuation.resume(returning: answer)
            }
        } catch {
            // What can't be read for one is no matter of the others.
            guard group.count > 1, error.code == .other else {
                for member in group { member.continuation.resume(returning: .failure(error)) }
                return
            }
            for member in group { await carryOut([member]) }
        }
    }

    private static var missing: StoreError { StoreError(.other, "a read of a group has no answer") }
}
