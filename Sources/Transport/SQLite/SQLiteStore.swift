package import Actors
import Dispatch
import FoundationEssentials
import GRDB
package import Logging

/// The store in one SQLite file, in WAL mode with `synchronous=FULL`. Several processes of one machine may share the file.
///
/// Reads run on GRDB's reader queues, writes on its writer queue through a `WriteQueue`: blocking work never meets the cooperative pool.
package final class SQLiteStore: Store {
    /// How many reads may wait for a reader; past it they are refused as `.overloaded`.
    private static let readLimit = 10_000
    /// Pages in the write-ahead log that a checkpoint begins at: 32 MiB. SQLite's own 1,000 are few here, as a commit of 50 messages to as many
    /// people writes over 100, and a checkpoint syncs the file besides the log while everybody waits.
    private static let checkpointPages = 8_192
    private let pool: DatabasePool
    let commits: WriteQueue
    let reads: SessionReads
    private let reader: SnapshotReader
    private let logger: Logger?

    private init(pool: DatabasePool, logger: Logger?) {
        self.pool = pool
        self.logger = logger
        commits = WriteQueue(pool: pool)
        let reader = SnapshotReader(pool: pool, limit: Self.readLimit)
        self.reader = reader
        reads = SessionReads(reader)
        commits.start()
    }

    deinit {
        commits.close()
    }

    /// Opens the file, making it and its directory where they don't exist, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: of the file; its directory gets `-wal` and `-shm` files beside it.
    ///   - busyTimeout: how long a lock that another process holds is waited for.
    ///   - trace: hears every statement that is run, without its values.
    ///   - logger: is told at the end how much was read.
    /// - Throws: `.unavailable` where the file can't be reached or written, `.other` where it is damaged, no database, or of a later
    ///   version of this program; the detail is meant for the operator.
    package static func open(
        path: String,
        busyTimeout: Duration = .seconds(5),
        trace: (@Sendable (String) -> Void)? = nil,
        logger: Logger? = nil
    ) async throws(StoreError) -> SQLiteStore {
        let clock = ContinuousClock()
        let deadline = clock.now + busyTimeout
        while true {
            do {
                return SQLiteStore(pool: try await openedPool(path: path, busyTimeout: busyTimeout, trace: trace), logger: logger)
            } catch {
                // Changing a new file to WAL doesn't wait for another process that is doing the same.
                let isBusy = (error as? DatabaseError)?.resultCode == .SQLITE_BUSY
                guard isBusy, !Task.isCancelled, clock.now < deadline else { throw openError(error, path: path) }
                // A cancellation is seen by the guard the next time round.
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Finishes the writes that wait, refuses new ones and closes the file.
    package func close() async {
        commits.close()
        logger?.notice("store_closed", metadata: ["queries": .stringConvertible(queryCount)])
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let pool = pool
            DispatchQueue(label: "SQLiteStore.close").async {
                // Only a statement in use could prevent it, and GRDB leaves none behind; the file closes with the process at the latest.
                try? pool.close()
                continuation.resume()
            }
        }
    }

    package var queryCount: Int { reader.count }

    package func ping() async throws(StoreError) {
        _ = try await read { db in try StampCounter.latest(db) }
    }

    package func selfTest() async throws(StoreError) {
        let token = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        try await commits.submit { db, _ in
            try db.execute(sql: "INSERT INTO self_test (token) VALUES (?)", arguments: [token])
        }
        let found = try await read { db in
            try Data.fetchOne(db, sql: "SELECT token FROM self_test WHERE token = ?", arguments: [token])
        }
        try await commits.submit { db, _ in
            try db.execute(sql: "DELETE FROM self_test WHERE token = ?", arguments: [token])
        }
        guard found == token else { throw StoreError(.other, "what was written can't be read back") }
    }

    /// Runs `body` on a reader, in one snapshot of what is committed.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(StoreError) -> Value {
        try await reader.read(body)
    }
}

extension SQLiteStore {
    private static func openedPool(
        path: String,
        busyTimeout: Duration,
        trace: (@Sendable (String) -> Void)?
    ) async throws -> DatabasePool {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "SQLiteStore.open").async {
                continuation.resume(with: Result { try openedPoolBlocking(path: path, busyTimeout: busyTimeout, trace: trace) })
            }
        }
    }

    private static func openedPoolBlocking(
        path: String,
        busyTimeout: Duration,
        trace: (@Sendable (String) -> Void)?
    ) throws -> DatabasePool {
        let directory = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        var configuration = Configuration()
        configuration.label = "SQLiteStore"
        configuration.busyMode = .timeout(Double(busyTimeout.milliseconds) / 1_000)
        configuration.maximumReaderCount = 4
        configuration.foreignKeysEnabled = false
        if let trace {
            configuration.prepareDatabase { db in
                db.trace { event in
                    if case .statement(let statement) = event { trace(statement.sql) }
                }
            }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in
            // GRDB lowers this to NORMAL when it turns WAL on, which may lose acknowledged commits in a power cut.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else { throw SQLiteOpenError.notFullySynchronous }
            try db.execute(sql: "PRAGMA wal_autocheckpoint = \(checkpointPages)")
            try SQLiteSchema.migrate(db)
        }
        return pool
    }

    private static func openError(_ error: any Error, path: String) -> StoreError {
        if let error = error as? SQLiteOpenError { return error.storeError }
        guard let database = error as? DatabaseError else {
            return StoreError(.unavailable, "can't make the directory of \(path)")
        }
        let failure = StoreError(sqlite: database)
        let reason =
            switch database.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: "is damaged or no SQLite database"
            case .SQLITE_CANTOPEN, .SQLITE_PERM: "can't be opened or made"
            case .SQLITE_READONLY: "can't be written"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "is locked by another program"
            case .SQLITE_FULL: "has no room: the disk is full"
            default: "can't be used"
            }
        return StoreError(failure.code, "\(path) \(reason) (\(failure.detail))")
    }
}
