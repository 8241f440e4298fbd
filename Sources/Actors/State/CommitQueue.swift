/// What waits to be committed while a commit is under way: the next commit takes all of it (group commit).
package struct CommitQueue<Element> {
    /// What an element that was offered leads to.
    package enum Action: Hashable {
        /// No commit is under way: begin one with `next`.
        case begin
        case wait
        /// Too much waits already; the element was not taken.
        case refuse
    }

    private let limit: Int
    private var waiting: [Element] = []
    private var waitingSize = 0
    private var isCommitting = false

    /// - Parameter limit: the sum of sizes that may wait.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Takes an element in.
    package mutating func offer(_ element: Element, size: Int) -> Action {
        guard waitingSize + size <= limit else { return .refuse }
        waiting.append(element)
        waitingSize += size
        guard !isCommitting else { return .wait }
        isCommitting = true
        return .begin
    }

    /// The group of the next commit, everything that waits; nil where nothing does: then the queue is idle and can be forgotten.
    package mutating func next() -> [Element]? {
        guard !waiting.isEmpty else {
            isCommitting = false
            return nil
        }
        defer {
            waiting = []
            waitingSize = 0
        }
        return waiting
    }
}
