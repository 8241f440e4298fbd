package import Actors

/// What inserting messages costs with nothing around it: one connection, the store's indexes and write concern, an insert after the other.
/// What `switchboard bench` compares with.
package enum MongoInsertProbe {
    /// Inserts messages, each time so many at once.
    ///
    /// - Parameters:
    ///   - uri: names a database that is empty.
    ///   - duration: for how long.
    ///   - raises: whether each insert is followed by the update of the conversations that the store would make before it acknowledges.
    ///   - message: makes the message of a number, counted from 0; its time isn't counted.
    /// - Returns: the time of each insert, with the update after it.
    package static func inserts(
        uri: String,
        rowsEach: Int,
        for duration: Duration,
        raises: Bool = false,
        message: @escaping @Sendable (Int) -> Message
    ) async throws -> [Duration] {
        try await withClient(uri: uri) { try insert(rowsEach: rowsEach, for: duration, raises: raises, $0, message) }
    }

    /// Stores messages one by one: an insert and the update of the conversation each.
    ///
    /// - Parameters:
    ///   - uri: names a database that is empty.
    ///   - message: makes the message of a number.
    ///   - loop: is given what stores the message of a number, and calls it when that is due; may block.
    package static func run(
        uri: String,
        message: @escaping @Sendable (Int) -> Message,
        loop: @escaping @Sendable ((Int) throws -> Void) throws -> Void
    ) async throws {
        try await withClient(uri: uri) { client in
            try loop { try store([message($0)], raises: true, client) }
        }
    }

    private static func withClient<Value: Sendable>(
        uri: String,
        _ body: @escaping @Sendable (MongoClient) throws -> Value
    ) async throws -> Value {
        let pool = try await ClientPool.open(uri: uri, options: .init(size: 1))
        do {
            let value = try await pool.withClient { client in
                try MongoSchema.create(client)
                return try body(client)
            }
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error.storeError
        }
    }

    private static func insert(
        rowsEach: Int,
        for duration: Duration,
        raises: Bool,
        _ client: MongoClient,
        _ message: (Int) -> Message
    ) throws -> [Duration] {
        var times: [Duration] = []
        var number = 0
        let clock = ContinuousClock()
        let end = clock.now + duration
        while clock.now < end {
            let messages = (number..<number + rowsEach).map(message)
            number += rowsEach
            times.append(try store(messages, raises: raises, client))
        }
        return times
    }

    /// - Returns: how long it took, without the making of the documents.
    @discardableResult
    private static func store(_ messages: [Message], raises: Bool, _ client: MongoClient) throws -> Duration {
        let documents = messages.map { $0.document(stamp: Stamp(0)) }
        let updates = raises ? raisesOf(messages) : Raises()
        let start = ContinuousClock.now
        let reply = try client.insert(documents, into: MongoSchema.messages)
        if let failure = reply.failure { throw failure }
        if !updates.isEmpty { for case let failure? in try updates.raiseConversations(client) { throw failure } }
        return .now - start
    }

    private static func raisesOf(_ messages: [Message]) -> Raises {
        var raises = Raises()
        for (conversation, messages) in Dictionary(grouping: messages, by: \.conversationID) {
            guard let raise = AppendRaise(messages.map { .stored($0) }, in: conversation) else { continue }
            raises.append(raise, mayLackMembers: false)
        }
        return raises
    }
}
