import Actors
import DequeModule

/// Requests of one kind that are made at the same time are carried out together: what comes while a group is under way goes in the next
/// one. So thousands of sessions that come back at once cost few queries, and one that comes alone waits for nobody.
///
/// Every group begins after all of its requests were made. A further one sets out when as much has gathered as is under way: so groups become
/// equally large, and a few slow requests don't hold up the many.
actor RequestGroups<Request: Sendable, Answer: Sendable, Failure: RequestGroupFailure> {
    private struct Waiting {
        let request: Request
        let continuation: CheckedContinuation<Result<Answer, Failure>, Never>
    }

    /// How many groups are under way at the most.
    private let concurrency: Int
    /// What the requests of one group weigh at most; a heavier one goes alone.
    private let groupLimit: Int
    /// How many requests may wait; past it they are refused as overloaded.
    private let waitingLimit: Int
    private let weight: @Sendable (Request) -> Int
    private let perform: @Sendable ([Request]) async throws(Failure) -> [Answer]
    private var waiting: Deque<Waiting> = []
    private var workers: [Int: Task<Void, Never>] = [:]
    private var workerCount = 0
    /// Requests in all groups.
    private var underWay = 0

    /// - Parameters:
    ///   - weight: of a request, in the unit of `groupLimit`.
    ///   - perform: carries a group out; an answer a request, in their order.
    init(
        concurrency: Int = 2,
        groupLimit: Int = 250,
        waitingLimit: Int = 20_000,
        weight: @escaping @Sendable (Request) -> Int = { _ in 1 },
        perform: @escaping @Sendable ([Request]) async throws(Failure) -> [Answer]
    ) {
        self.concurrency = concurrency
        self.groupLimit = groupLimit
        self.waitingLimit = waitingLimit
        self.weight = weight
        self.perform = perform
    }

    var waitingCount: Int { waiting.count }

    /// Has a request carried out, with others where there are some.
    func ask(_ request: Request) async throws(Failure) -> Answer {
        guard waiting.count < waitingLimit else { throw .overloaded(waiting: waiting.count) }
        let result = await withCheckedContinuation { continuation in
            waiting.append(Waiting(request: request, continuation: continuation))
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
        while isWorthAGroup {
            let group = nextGroup()
            underWay += group.count
            await carryOut(group)
            underWay -= group.count
        }
        workers[number] = nil
    }

    private func nextGroup() -> [Waiting] {
        var group: [Waiting] = []
        var weights = 0
        while let next = waiting.first {
            weights += weight(next.request)
            guard group.isEmpty || weights <= groupLimit else { break }
            group.append(next)
            waiting.removeFirst()
        }
        return group
    }

    private func carryOut(_ group: [Waiting]) async {
        do throws(Failure) {
            let answers = try await perform(group.map(\.request))
            for (place, member) in group.enumerated() {
                let answer = answers.indices.contains(place) ? Result.success(answers[place]) : .failure(Failure.unanswered)
                member.continuation.resume(returning: answer)
            }
        } catch {
            guard group.count > 1, error.mayConcernOne else {
                for member in group { member.continuation.resume(returning: .failure(error)) }
                return
            }
            for member in group { await carryOut([member]) }
        }
    }
}

/// Reads of one kind.
typealias ReadGroups<Request: Sendable, Answer: Sendable> = RequestGroups<Request, Answer, StoreError>

/// What requests that are carried out together may fail with.
protocol RequestGroupFailure: Error {
    static func overloaded(waiting: Int) -> Self

    /// A group had fewer answers than requests.
    static var unanswered: Self { get }

    /// Whether it may be the matter of one request of a group: then each is carried out again by itself.
    var mayConcernOne: Bool { get }
}

extension StoreError: RequestGroupFailure {
    static func overloaded(waiting: Int) -> StoreError { StoreError(.overloaded, "\(waiting) reads wait already") }

    static var unanswered: StoreError { StoreError(.other, "a read of a group has no answer") }

    /// What can't be read for one is no matter of the others; a store that is away is away for all.
    var mayConcernOne: Bool { code == .other }
}
