/// What was told of changes that come again with each round, as long as they are in the time that the store's watermark leaves for late
/// ones.
///
/// A round reads all of that time. So what a whole round has not come upon is out of it, and is forgotten.
package struct ToldChanges<Key: Hashable & Sendable>: Sendable {
    private let limit: Int
    /// By the rounds before.
    private var earlier: [Key: Int64] = [:]
    /// That the round under way has come upon.
    private var current: [Key: Int64] = [:]

    /// - Parameter limit: changes that are remembered; what is past it is told again with each round that comes upon it, and clients drop
    ///   it by its number.
    package init(limit: Int = 100_000) {
        self.limit = limit
    }

    /// How many are remembered.
    package var count: Int { earlier.count + current.count }

    /// A round begins; what one told that failed is known.
    package mutating func beginRound() {
        for (key, number) in current where earlier.count < limit || earlier[key] != nil {
            earlier[key] = max(number, earlier[key] ?? 0)
        }
        current = [:]
    }

    /// The round has come upon a change.
    ///
    /// - Parameter number: ascends with the changes of one thing.
    /// - Returns: whether it is to be told.
    package mutating func isNews(_ key: Key, _ number: Int64) -> Bool {
        let known = max(current[key] ?? 0, earlier[key] ?? 0)
        guard number <= known else { return true }
        note(key, known)
        return false
    }

    /// A change has been told.
    package mutating func note(_ key: Key, _ number: Int64) {
        guard current.count < limit || current[key] != nil else { return }
        current[key] = number
    }

    /// The round has come to its end.
    package mutating func endRound() {
        earlier = current
        current = [:]
    }
}
