/// The parts of a `SYNC` whose last one has not come yet.
package struct SyncParts: Sendable {
    private var cursors: [ConversationID: Int64] = [:]
    private var stamp: Stamp?
    /// Whether a part was refused, and with it the rest of that `SYNC`.
    package private(set) var isRefused = false

    package init() {}

    /// How many cursors they brought.
    package var count: Int { cursors.count }

    /// Takes in a part that more follow.
    package mutating func add(_ part: SyncCommand) {
        cursors.merge(part.cursors) { _, later in later }
        // Of several the lowest: from there on nothing is left out.
        stamp = [stamp, part.stamp].compactMap(\.self).min()
    }

    /// The last part has come.
    ///
    /// - Returns: all of them as one.
    package mutating func finish(with last: SyncCommand) -> SyncCommand {
        add(last)
        defer { self = SyncParts() }
        return SyncCommand(cursors: cursors, stamp: stamp, hasMore: false)
    }

    /// A part was refused: those before it are forgotten, and those that belong to it and come after it are to be refused too, as without
    /// it the answer would not be complete.
    ///
    /// - Parameter hasMore: whether more were to follow it.
    package mutating func refuse(hasMore: Bool) {
        self = SyncParts()
        isRefused = hasMore
    }
}
