/// How far members of a conversation were told to have read, so that nobody is told twice.
package struct RecentReads: Sendable {
    private let limit: Int
    private var cursors: [UserID: Int64] = [:]

    /// - Parameter limit: members that are remembered; past it all are forgotten, and clients drop what comes twice by its number.
    package init(limit: Int = 256) {
        self.limit = limit
    }

    /// - Returns: false where this place or a later one has been told already.
    package mutating func take(_ cursor: ReadCursor) -> Bool {
        guard cursor.seq > cursors[cursor.userID] ?? 0 else { return false }
        if cursors.count >= limit, cursors[cursor.userID] == nil { cursors.removeAll(keepingCapacity: true) }
        cursors[cursor.userID] = cursor.seq
        return true
    }
}
