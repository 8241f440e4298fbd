import DequeModule

/// What clients are asked for other instances and have not acknowledged yet.
package struct AwaitedAnswers: Sendable {
    private let limit: Int
    private let patience: Duration
    private var awaited: [AdapterQuestion: Int] = [:]
    private var deadlines: Deque<(question: AdapterQuestion, deadline: Duration)> = []
    private var count = 0
    private var lastID: UInt64 = 0

    /// - Parameters:
    ///   - limit: the most acknowledgements that are waited for, all events together.
    ///   - patience: how long a client may take.
    package init(limit: Int = 10_000, patience: Duration = .seconds(60)) {
        self.limit = limit
        self.patience = patience
    }

    /// An event is about to go to so many clients.
    ///
    /// - Parameter now: the uptime.
    /// - Returns: the id by which they acknowledge it; nil where they are not to, as that would be more than is waited for.
    package mutating func expect(_ clients: Int, for question: AdapterQuestion, at now: Duration) -> UInt64? {
        while let first = deadlines.first, first.deadline <= now {
            deadlines.removeFirst()
            count -= awaited.removeValue(forKey: first.question) ?? 0
        }
        guard clients > 0, count + clients <= limit, awaited[question] == nil else { return nil }
        awaited[question] = clients
        count += clients
        deadlines.append((question, now + patience))
        lastID += 1
        return lastID
    }

    /// A client has acknowledged; false where its answer isn't waited for.
    package mutating func acknowledged(_ question: AdapterQuestion) -> Bool {
        guard let clients = awaited[question] else { return false }
        awaited[question] = clients > 1 ? clients - 1 : nil
        count -= 1
        return true
    }
}
