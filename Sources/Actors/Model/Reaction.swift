/// One emoji under a message, and who put it there, the first of them first.
package struct Reaction: Hashable, Sendable {
    /// One grapheme cluster.
    package let emoji: String
    package let userIDs: [UserID]

    package init(emoji: String, userIDs: [UserID]) {
        self.emoji = emoji
        self.userIDs = userIDs
    }
}

/// The reactions to one message, in the order in which their emoji came; no user twice under one emoji, none empty.
package struct Reactions: Hashable, Sendable {
    /// The most that one message holds, every user under every emoji counted.
    package static let limit = 500

    package private(set) var list: [Reaction]

    package init(_ list: [Reaction] = []) {
        self.list = list
    }

    /// What a change led to.
    package enum Change: Hashable, Sendable {
        case changed
        case unchanged
        /// The message holds `limit` already.
        case full
    }

    package mutating func add(_ emoji: String, by user: UserID) -> Change {
        let index = list.firstIndex { $0.emoji == emoji }
        if let index, list[index].userIDs.contains(user) { return .unchanged }
        guard list.reduce(0, { $0 + $1.userIDs.count }) < Self.limit else { return .full }
        if let index {
            list[index] = Reaction(emoji: emoji, userIDs: list[index].userIDs + [user])
        } else {
            list.append(Reaction(emoji: emoji, userIDs: [user]))
        }
        return .changed
    }

    package mutating func remove(_ emoji: String, by user: UserID) -> Change {
        guard let index = list.firstIndex(where: { $0.emoji == emoji }), list[index].userIDs.contains(user) else { return .unchanged }
        let rest = list[index].userIDs.filter { $0 != user }
        if rest.isEmpty {
            list.remove(at: index)
        } else {
            list[index] = Reaction(emoji: emoji, userIDs: rest)
        }
        return .changed
    }
}

/// The rules for an emoji.
package enum Emoji {
    /// The longest emoji sequences of Unicode have about 10 scalars and 40 bytes.
    package static let maxBytes = 64

    /// Whether `text` is one grapheme cluster of a length that an emoji may have, and holds no control character.
    package static func isAllowed(_ text: String) -> Bool {
        // The bytes first: what follows takes as long as the text.
        guard (1...maxBytes).contains(text.utf8.count), text.count == 1 else { return false }
        return !text.unicodeScalars.contains { $0.properties.generalCategory == .control || $0.properties.isWhitespace }
    }
}
