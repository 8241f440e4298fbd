import Actors
import FoundationEssentials
import GRDB

extension Reactions {
    /// `[{"emoji": …, "userIds": […]}]`, to be read with SQLite's own tools; nil where there are none.
    var json: String? {
        get throws {
            guard !list.isEmpty else { return nil }
            let stored = list.map { StoredReaction(emoji: $0.emoji, userIds: $0.userIDs.map(\.description)) }
            return String(decoding: try JSONEncoder().encode(stored), as: UTF8.self)
        }
    }

    init(json: String) throws {
        guard let stored = try? JSONDecoder().decode([StoredReaction].self, from: Data(json.utf8)) else { throw Row.damaged }
        self.init(
            try stored.map { reaction in
                let userIDs = try reaction.userIds.map { text in
                    guard let id = UserID(text) else { throw Row.damaged }
                    return id
                }
                return Reaction(emoji: reaction.emoji, userIDs: userIDs)
            }
        )
    }
}

private struct StoredReaction: Codable {
    let emoji: String
    let userIds: [String]
}
