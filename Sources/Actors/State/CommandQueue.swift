import DequeModule

/// One session's commands that wait for their turn: they run one after another, so that a client's messages keep their order.
package struct CommandQueue: Sendable {
    package struct Item: Sendable {
        /// Given back in the answer.
        package let ref: String?
        package let command: Command

        /// The uptime when it came.
        package let receivedAt: Duration

        package init(ref: String?, command: Command, receivedAt: Duration = .zero) {
            self.ref = ref
            self.command = command
            self.receivedAt = receivedAt
        }
    }

    private var items: Deque<Item> = []

    package init() {}

    package var count: Int { items.count }
    package var isEmpty: Bool { items.isEmpty }

    /// The cursors that `SYNC`s bring which wait.
    package var cursors: Int {
        items.reduce(0) { sum, item in
            guard case .sync(let sync) = item.command else { return sum }
            return sum + sync.cursors.count
        }
    }

    package mutating func append(_ item: Item) {
        items.append(item)
    }

    package mutating func removeAll() {
        items.removeAll()
    }

    /// What runs next: one command, or the sends to one destination that stand in a row, which go together. Nil where nothing waits.
    package mutating func next() -> [Item]? {
        guard let first = items.popFirst() else { return nil }
        guard let destination = first.destination else { return [first] }
        var batch = [first]
        while let next = items.first, next.destination == destination {
            batch.append(next)
            items.removeFirst()
        }
        return batch
    }
}

extension CommandQueue.Item {
    fileprivate var destination: Destination? {
        guard case .send(let send) = command else { return nil }
        return send.destination
    }
}
