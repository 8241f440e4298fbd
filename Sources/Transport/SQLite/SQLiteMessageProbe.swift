package import Actors
import Dispatch
import GRDB

/// What committing lone messages costs with nothing around it: in the store's own file and with its settings the statements that a message
/// owes, prepared once, on one thread. What `switchboard bench dm` compares with.
package enum SQLiteMessageProbe {
    /// Stores messages into conversations that are there.
    ///
    /// - Parameters:
    ///   - path: of a store's file that nobody has open.
    ///   - message: makes the message of a number; its `seq` doesn't count.
    ///   - loop: is given what commits the message of a number, and calls it when that is due; may block.
    package static func run(
        path: String,
        message: @escaping @Sendable (Int) -> Message,
        loop: @escaping @Sendable ((Int) throws -> Void) throws -> Void
    ) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue(label: "SQLiteMessageProbe").async {
                continuation.resume(with: Result { try runBlocking(path: path, message: message, loop: loop) })
            }
        }
    }

    private static func runBlocking(
        path: String,
        message: @escaping (Int) -> Message,
        loop: @escaping ((Int) throws -> Void) throws -> Void
    ) throws {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8192")
            let statements = try Statements(db)
            try loop { number in
                let message = message(number)
                try db.inPreparedTransaction { try statements.store(message) }
            }
        }
    }
}

/// What one message owes.
private struct Statements {
    private let stamp: Statement
    private let conversation: Statement
    private let insert: Statement
    private let raiseConversation: Statement
    private let raiseMembership: Statement
    private let raiseStamp: Statement

    init(_ db: Database) throws {
        stamp = try db.makeStatement(sql: "SELECT stamp FROM counter WHERE id = 1")
        conversation = try db.makeStatement(sql: "SELECT id, last_seq FROM conversations WHERE name = ?")
        insert = try db.makeStatement(
            sql: """
                INSERT INTO messages (
                    stamp, conversation, seq, message_id, sender_id, sender_name, content, client_message_id, created_at, updated_stamp
                ) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?1) ON CONFLICT (sender_id, client_message_id) DO NOTHING
                """
        )
        raiseConversation = try db.makeStatement(
            sql: "UPDATE conversations SET last_seq = ?, last_message_stamp = ?2, stamp = ?2 WHERE id = ?3"
        )
        raiseMembership = try db.makeStatement(sql: "UPDATE memberships SET read_seq = ? WHERE user_id = ? AND conversation = ?")
        raiseStamp = try db.makeStatement(sql: "UPDATE counter SET stamp = ? WHERE id = 1")
    }

    func store(_ message: Message) throws {
        guard let last = try Int64.fetchOne(stamp),
            let row = try Row.fetchOne(conversation, arguments: [message.conversationID.description])
        else { throw DatabaseError(resultCode: .SQLITE_NOTFOUND) }
        let (stamp, id, seq): (Int64, Int64, Int64) = (last + 1, row[0], row[1] + 1)
        try insert.execute(arguments: [
            stamp, id, seq, message.messageID.blob, message.senderID.blob, message.senderName, message.content,
            message.clientMessageID.description, message.createdAt.milliseconds,
        ])
        try raiseConversation.execute(arguments: [seq, stamp, id])
        try raiseMembership.execute(arguments: [seq, message.senderID.blob, id])
        try raiseStamp.execute(arguments: [stamp])
    }
}
