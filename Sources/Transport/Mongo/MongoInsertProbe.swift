package import Actors

/// What inserting messages costs with nothing around it: one connection, the store's indexes and write concern, an insert after the other.
/// What `switchboard bench` compares with.
package enum MongoInsertProbe {
    /// Inserts messages, each time so many at once.
    ///
    /// - Parameters:
    ///   - uri: names a database that is empty.
    ///   - duration: for how long.
    ///   - message: makes the message of a number, counted from 0; its time isn't counted.
    /// - Returns: the time of each insert.
    package static func inserts(
        uri: String,
        rowsEach: Int,
        for duration: Duration,
        message: @escaping @Sendable (Int) -> Message
    ) async throws -> [Duration] {
        let pool = try await ClientPool.open(uri: uri, options: .init(size: 1))
        do {
            let times = try await pool.withClient { client in
                try MongoSchema.create(client)
                return try insert(rowsEach: rowsEach, for: duration, client, message)
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
        _ client: MongoClient,
        _ message: (Int) -> Message
    ) throws -> [Duration] {
        var times: [Duration] = []
        var number = 0
        let clock = ContinuousClock()
        let end = clock.now + duration
        while clock.now < end {
            let documents = (number..<number + rowsEach).map { message($0).document(stamp: Stamp(0)) }
            number += rowsEach
            let start = clock.now
            let reply = try client.insert(documents, into: MongoSchema.messages)
            times.append(clock.now - start)
            if let failure = reply.failure { throw failure }
        }
        return times
    }
}
