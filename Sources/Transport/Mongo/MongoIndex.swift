/// The unique indexes that decide what a duplicate key means; the raw value is the index's name.
enum MongoIndex: String, Hashable, Sendable, CaseIterable {
    case id = "_id_"
    case username = "users_name"
    case messageSeq = "messages_seq"
    case clientMessageID = "messages_client"
    case membership = "memberships_user"

    /// Finds the index's name in a server's message: `E11000 duplicate key error collection: db.c index: NAME dup key: { … }`.
    init?(inMessage message: String) {
        guard let start = message.firstRange(of: " index: ")?.upperBound else { return nil }
        self.init(rawValue: String(message[start...].prefix { $0 != " " }))
    }

    /// Knows the index by the fields of its key.
    init?(keyPattern: BSONDocument) {
        let fields: [(String, MongoIndex)] = [
            ("seq", .messageSeq), ("clientMessageId", .clientMessageID), ("username", .username), ("userId", .membership), ("_id", .id),
        ]
        for (field, index) in fields where (try? keyPattern.value(field)) != nil {
            self = index
            return
        }
        return nil
    }
}
