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
        let pool = try await ClientPool.open(uri: uri, options: .init(size: 1))
        do {
            let times = try await pool.withClient { client in
                try MongoSchema.create(client)
                return try insert(rowsEach: rowsEach, for: duration, raises: raises, client, message)
            }
            await pool.close()
            return times
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
            let documents = messages.map { $0.document(stamp: Stamp(0)) }
            let updates = raises ? raisesOf(messages) : Raises()
            number += rowsEach
            let start = clock.now
            let reply = try client.insert(documents, into: MongoSchema.messages)
            if let failure = reply.failure { throw failure }
            if !updates.isEmpty { for case let failure? in try updates.raiseConversations(client) { throw failure } }
            times.append(clock.now - start)
        }
        return times
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
