package import Actors
package import Logging

/// The store in MongoDB, shared by any number of instances; it needs no transactions, so that a single server will do.
///
/// Writes are acknowledged by a majority's disks, reads are of what a majority has. Change stamps are the server's own timestamps.
/// What a broken connection or a change of primary leaves open is tried again within `patience`, then fails.
package final class MongoStore: Store {
    /// How the store is opened.
    package struct Options: Sendable {
        /// Connections that may be in use at once, each with a thread.
        package var poolSize = 16
        /// How many operations may wait for a connection; past it they fail with `.overloaded`.
        package var waitingLimit = 4_096
        /// How long an operation is tried again while there is no primary or its outcome isn't known.
        package var patience = Duration.seconds(10)

        package init() {}
    }

    /// How far a stamp that is handed out lies below the highest one: a change with a lower stamp may become visible later.
    static let overlap = Duration.seconds(10)

    let pool: ClientPool
    let lanes = AppendLanes()
    let groups: AppendGroups
    private let insertCount = InsertCount()
    let pendingRaises: PendingRaises
    let reads: SessionReads
    let latestStamp: LatestStamp
    let patience: Duration
    let logger: Logger?

    /// - Parameter fillsStamps: whether the server replaces a stamp of zero in an insert by its time, as MongoDB does and others of its
    ///   protocol don't.
    private init(pool: ClientPool, fillsStamps: Bool, options: Options, logger: Logger?) {
        self.pool = pool
        self.logger = logger
        patience = options.patience
        let clock = fillsStamps ? nil : PrimaryClock()
        let latestStamp = LatestStamp()
        self.latestStamp = latestStamp
        reads = SessionReads(pool, patience: options.patience, latestStamp)
        groups = AppendGroups(waitingLimit: options.waitingLimit) { [insertCount] group throws(MongoFailure) in
            let group = try await Self.carryOut(group, pool, clock: clock)
            insertCount.note(group.insertSizes)
            return group
        }
        pendingRaises = PendingRaises { raise throws(StoreError) in
            do throws(MongoFailure) {
                try await pool.withClient { try MongoStore.raise(raise, $0) }
            } catch {
                throw error.storeError
            }
        } performChange: { id, conversation throws(StoreError) in
            do throws(MongoFailure) {
                try await pool.withClient { try MongoStore.raiseChange(of: id, in: conversation, isLate: true, $0) }
            } catch {
                throw error.storeError
            }
        }
    }

    /// Connects, and makes the indexes that are missing.
    ///
    /// - Parameters:
    ///   - uri: a connection string (https://www.mongodb.com/docs/manual/reference/connection-string/) as libmongoc 1.23 reads it; where
    ///     it names no database, `switchboard` is used.
    ///   - logger: is told of conflicts, and at the end how much was written and read.
    /// - Throws: `.unavailable` where no server answers within `patience`; the detail is meant for the operator and holds no secret.
    package static func open(
        uri: String,
        options: Options = Options(),
        logger: Logger? = nil
    ) async throws(StoreError) -> MongoStore {
        let pool = try await ClientPool.open(uri: uri, options: .init(size: options.poolSize, waitingLimit: options.waitingLimit))
        do throws(StoreError) {
            let givesStamps = try await perform(on: pool, within: options.patience) { client in
                try MongoSchema.create(client)
                return try Self.probeStamps(client)
            }
            return MongoStore(pool: pool, fillsStamps: givesStamps, options: options, logger: logger)
        } catch {
            await pool.close()
            throw error
        }
    }

    /// Whether a connection string is one that can be used; nothing is connected to or looked up.
    package static func canRead(uri: String) -> Bool {
        ClientPool.canRead(uri: uri)
    }

    /// Refuses what comes from now on, finishes what runs, and closes all connections.
    package func close() async {
        await pendingRaises.close()
        await pool.close()
        await groups.finish()
        let count = insertCount.sums
        logger?.notice(
            "store_closed",
            metadata: [
                "inserts": .stringConvertible(count.inserts), "messages": .stringConvertible(count.messages),
                "largestInsert": .stringConvertible(count.largest), "queries": .stringConvertible(queryCount),
            ]
        )
    }

    package var queryCount: Int { pool.commandCount }

    package func ping() async throws(StoreError) {
        try await perform(within: .seconds(2)) { _ = try $0.ask(["ping": .int32(1)]) }
    }

    package func selfTest() async throws(StoreError) {
        let found = try await perform { try Self.writtenAndRead($0) }
        guard found != nil else { throw StoreError(.other, "what was written can't be read back") }
    }

    private static func probeStamps(_ client: MongoClient) throws -> Bool {
        let document = try writtenAndRead(client)
        return try document.map { try $0.stamp("stamp") > Stamp(0) } ?? true
    }

    /// Inserts a document with a stamp of zero, reads it and removes it.
    private static func writtenAndRead(_ client: MongoClient) throws -> BSONDocument? {
        let collection = "selfTest"
        let id = BSONValue.uuid(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
        let reply = try client.insert([["_id": id, "stamp": .timestamp(0)]], into: collection)
        if let failure = reply.failure { throw failure }
        let found = try client.find(collection, ["_id": id])
        _ = try client.write([
            "delete": .string(collection),
            "deletes": .array([.document(["q": .document(["_id": id]), "limit": .int32(1)])]),
        ])
        return found.first
    }

    /// Runs `body` with a client, again where it was not a primary's or the connection broke: it must be one that may be repeated.
    ///
    /// - Parameter bound: how long it is begun anew; nil for `patience`.
    func perform<Value: Sendable>(
        within bound: Duration? = nil,
        _ body: @escaping @Sendable (MongoClient) throws -> Value
    ) async throws(StoreError) -> Value {
        try await Self.perform(on: pool, within: bound ?? patience, body)
    }

    static func perform<Value: Sendable>(
        on pool: ClientPool,
        within bound: Duration,
        _ body: @escaping @Sendable (MongoClient) throws -> Value
    ) async throws(StoreError) -> Value {
        var retry = Retry(within: bound)
        while true {
            do {
                return try await pool.withClient(body)
            } catch {
                guard await retry.pause(after: error) else { throw error.storeError }
            }
        }
    }

    /// Inserts a document whose `_id` is its own. Where the outcome of a try isn't known, the next one finds the document there.
    func insert(_ document: BSONDocument, into collection: String) async throws(StoreError) {
        var retry = Retry(within: patience)
        var maybeStored = false
        while true {
            let failure: MongoFailure
            do {
                let isUncertain = maybeStored
                let reply = try await pool.withClient { client in
                    let reply = try client.insert([document], into: collection)
                    guard isUncertain, case .duplicateKey = reply.failure?.kind, let id = try document.value("_id") else { return reply }
                    let isOwn = try client.find(collection, ["_id": id]) == [document]
                    return isOwn ? InsertReply(insertedCount: 1, failure: nil) : reply
                }
                guard let found = reply.failure else { return }
                failure = found
            } catch {
                failure = error
            }
            guard await retry.pause(after: failure) else { throw failure.storeError }
            maybeStored = true
        }
    }
}

/// When to try again, and how often.
struct Retry {
    private let deadline: ContinuousClock.Instant
    private var backoff = Backoff(base: .milliseconds(20), limit: .seconds(1))
    private var random = SystemRandomNumberGenerator()
    /// Whether a server has said that it is no primary: then another one may become it, and none is there meanwhile.
    private var awaitsPrimary = false

    init(within bound: Duration) {
        deadline = .now + bound
    }

    /// Waits; false where the failure is for good, the time is up or the caller was cancelled.
    ///
    /// - Parameter failure: nil where something is only not visible yet.
    mutating func pause(after failure: MongoFailure?) async -> Bool {
        switch failure?.kind {
        case .notPrimary, .changingRole: awaitsPrimary = true
        case .unreachable where awaitsPrimary: break
        default: guard failure?.isWorthRepeating ?? true else { return false }
        }
        guard ContinuousClock.now < deadline else { return false }
        do {
            try await Task.sleep(for: backoff.next(using: &random))
            return true
        } catch {
            return false
        }
    }
}
