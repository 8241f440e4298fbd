import Actors

/// The collections and their indexes.
///
/// Ids are binary UUIDs (subtype 4): half the size of their text in every index, in the order of the ids, and readable in a shell.
/// A conversation is named by its text, the `_id` of its document: the same name as in logs and in the protocol, and prefix compression
/// keeps it short in the indexes.
enum MongoSchema {
    static let users = "users"
    static let sessions = "sessions"
    static let conversations = "conversations"
    static let messages = "messages"
    static let channels = "channels"
    static let memberships = "memberships"
    static let audit = "audit"
    static let activity = "activity"

    static let messagesUpdated = "messages_updated"

    /// Of a membership's `isMember`: false marks one that was left, a tombstone; those of direct conversations have none.
    static let notLeft = BSONValue.document(["$ne": .bool(false)])

    /// Two spellings of one name are the same name: letters count, their case doesn't.
    static let nameCollation: BSONDocument = ["locale": .string("en"), "strength": .int32(2)]

    /// Makes the indexes that are missing. Two instances may do it at once.
    static func create(_ client: MongoClient) throws {
        for (collection, indexes) in indexes {
            _ = try client.write(["createIndexes": .string(collection), "indexes": .array(indexes.map(BSONValue.document))])
        }
    }

    private static let indexes: [(collection: String, indexes: [BSONDocument])] = [
        (
            users,
            [
                // Log-in; one name is one account.
                index("users_name", ["username": .int32(1)], isUnique: true, ["collation": .document(nameCollation)]),
                // Search by prefix, in pages by the folded name: compared byte by byte, which no collation does.
                index("users_folded", ["folded": .int32(1)]),
                // Reconciler: whose sessions were ended since a stamp? In pages by (stamp, id).
                index("users_kicks", ["kickStamp": .int32(1), "_id": .int32(1)], existing("kickStamp")),
            ]
        ),
        (
            sessions,
            [
                // A user's sessions, newest first.
                index("sessions_user", ["userId": .int32(1), "createdAt": .int32(-1)]),
                // Reconciler: which sessions were ended one by one since a stamp? In pages by (stamp, id).
                index("sessions_kicks", ["kickStamp": .int32(1), "_id": .int32(1)], existing("kickStamp")),
            ]
        ),
        (
            conversations,
            [
                // Reconciler: which conversations changed since a stamp? In pages by (stamp, id).
                index("conversations_stamp", ["stamp": .int32(1), "_id": .int32(1)])
            ]
        ),
        (
            messages,
            [
                // History, what SYNC and reconciler fetch, the last number of a conversation; a number is given once.
                index(MongoIndex.messageSeq.rawValue, ["conversationId": .int32(1), "seq": .int32(1)], isUnique: true),
                // Idempotency.
                index(MongoIndex.clientMessageID.rawValue, ["senderId": .int32(1), "clientMessageId": .int32(1)], isUnique: true),
                // SYNC and reconciler: what was edited, deleted or reacted to since a stamp? Costs an insert nothing.
                index(
                    messagesUpdated,
                    ["conversationId": .int32(1), "updatedStamp": .int32(1)],
                    existing("updatedStamp")
                ),
            ]
        ),
        (
            memberships,
            [
                // A user's conversations; a user is a member once.
                index(MongoIndex.membership.rawValue, ["userId": .int32(1), "conversationId": .int32(1)], isUnique: true),
                // A channel's members in the order of their ids, and how many there are. Direct conversations cost it nothing.
                index(
                    "memberships_members",
                    ["conversationId": .int32(1), "userId": .int32(1)],
                    ["partialFilterExpression": .document(["isMember": .bool(true)])]
                ),
                // SYNC: how far has the other person of each direct conversation read since a stamp?
                index("memberships_reads", ["otherUserId": .int32(1), "stamp": .int32(1)], existing("otherUserId")),
                // Reconciler: who joined, left or read since a stamp? In pages by (stamp, id).
                index("memberships_changes", ["stamp": .int32(1), "_id": .int32(1)]),
            ]
        ),
        (
            activity,
            [
                // A line an instance and minute, read by ranges of minutes.
                index("activity_minute", ["minute": .int32(1), "instance": .int32(1)], isUnique: true)
            ]
        ),
    ]

    /// The index has the documents that have the field.
    private static func existing(_ field: String) -> KeyValuePairs<String, BSONValue> {
        ["partialFilterExpression": .document([field: .document(["$exists": .bool(true)])])]
    }

    private static func index(
        _ name: String,
        _ key: BSONDocument,
        isUnique: Bool = false,
        _ options: KeyValuePairs<String, BSONValue> = [:]
    ) -> BSONDocument {
        var index: BSONDocument = ["name": .string(name), "key": .document(key)]
        if isUnique { index.append("unique", .bool(true)) }
        for (key, value) in options { index.append(key, value) }
        return index
    }
}
