import Actors

/// The latest messages of one connection that it asked no acknowledgement for: each comes, or has come, to it in its turn.
struct UnansweredSends {
    private static let limit = 64

    private var ids: [MessageID] = []

    /// - Returns: false also for one that is too long ago.
    func contains(_ id: MessageID) -> Bool {
        ids.contains(id)
    }

    mutating func add(_ id: MessageID) {
        if ids.count == Self.limit { ids.removeFirst() }
        ids.append(id)
    }
}
