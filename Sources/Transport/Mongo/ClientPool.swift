import Actors
import CMongoC
import Dispatch
import NIOPosix
import Synchronization

/// libmongoc's client pool on threads of its own: as many clients as threads, so that taking one never waits.
///
/// What waits for a thread is bounded. Reads go to the primary with majority read concern, whatever the connection string says.
final class ClientPool: Sendable {
    struct Options: Sendable {
        /// Threads, each with a connection to every server of the deployment that it uses.
        var size = 16
        /// How many operations may wait for a thread; past it they are refused as `.overloaded`.
        var waitingLimit = 4_096
    }

    /// The driver's global state; it is never taken down, since other pools of the process may use it.
    private static let isInitialised: Bool = {
        // The driver's own lines may quote a connection string; what matters comes back as an error too.
        mongoc_log_set_handler(nil, nil)
        mongoc_init()
        return true
    }()

    /// The database that the connection string names.
    let database: String
    private let options: Options
    private let threads: NIOThreadPool
    private let underWay = Atomic(0)
    private let counter = CommandCounter()
    private let isClosed = Atomic(false)
    /// The C pool may be used from all threads but for its destruction, which `close` does when all of them have ended.
    private nonisolated(unsafe) let pool: OpaquePointer

    private init(pool: OpaquePointer, database: String, options: Options) {
        self.pool = pool
        self.database = database
        self.options = options
        threads = NIOThreadPool(numberOfThreads: options.size)
        threads.start()
    }

    /// Makes the pool; it connects when it is first used. `close` must be called.
    ///
    /// - Parameter uri: a connection string; where it names no database, `switchboard` is used.
    /// - Throws: `.other` where the string can't be used, without a word of it.
    static func open(uri: String, options: Options) async throws(StoreError) -> ClientPool {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<ClientPool, StoreError>, Never>) in
            // A mongodb+srv name is looked up here, which takes its time.
            DispatchQueue(label: "MongoStore.open").async {
                continuation.resume(returning: openBlocking(uri: uri, options: options))
            }
        }
        return try result.get()
    }

    /// Whether the driver understands a connection string; nothing is connected to or looked up.
    static func canRead(uri text: String) -> Bool {
        _ = isInitialised
        guard let uri = mongoc_uri_new_with_error(text, nil) else { return false }
        mongoc_uri_destroy(uri)
        return true
    }

    /// Commands that were given so far.
    var commandCount: Int { counter.count }

    /// Runs `body` with a client on one of the threads.
    ///
    /// - Parameter body: may block; must not keep the client.
    /// - Throws: what `body` throws; `.overloaded` and `.unreachable` where it was not begun.
    func withClient<Value: Sendable>(_ body: @escaping @Sendable (MongoClient) throws -> Value) async throws(MongoFailure) -> Value {
        guard !isClosed.load(ordering: .acquiring) else { throw MongoFailure(.unreachable, "the store is closed") }
        defer { underWay.subtract(1, ordering: .relaxed) }
        guard underWay.add(1, ordering: .relaxed).newValue <= options.size + options.waitingLimit else {
            StoreMetrics.shared.noteRefused()
            throw MongoFailure(.overloaded, "\(options.waitingLimit) operations wait already")
        }
        do {
            let asked = ContinuousClock.now
            return try await threads.runIfActive { [self] in
                let began = ContinuousClock.now
                StoreMetrics.shared.waited(began - asked, for: .command)
                defer { StoreMetrics.shared.worked(.now - began, on: .command) }
                guard let client = mongoc_client_pool_pop(pool) else { throw MongoFailure(.unreachable, "no client") }
                defer { mongoc_client_pool_push(pool, client) }
                return try body(MongoClient(borrowing: client, database: database, counter: counter))
            }
        } catch let failure as MongoFailure {
            throw failure
        } catch let error as StoreError {
            throw MongoFailure(.other, error.detail)
        } catch {
            // The caller was cancelled, or the pool closed, before the operation had a thread.
            throw MongoFailure(.unreachable, "not begun: \(type(of: error))")
        }
    }

    /// Refuses what waits and what comes, and lets go of all connections when what runs is done.
    func close() async {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // It fails only where it was called before.
        try? await threads.shutdownGracefully()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue(label: "MongoStore.close").async { [self] in
                mongoc_client_pool_destroy(pool)
                continuation.resume()
            }
        }
    }
}

extension ClientPool {
    private static func openBlocking(uri text: String, options: Options) -> Result<ClientPool, StoreError> {
        _ = isInitialised
        var error = bson_error_t()
        guard let uri = mongoc_uri_new_with_error(text, &error) else {
            return .failure(StoreError(.other, "it is no connection string that the MongoDB driver can read"))
        }
        defer { mongoc_uri_destroy(uri) }
        setDefaults(uri)
        guard let pool = mongoc_client_pool_new_with_error(uri, &error) else {
            return .failure(StoreError(.unavailable, "the MongoDB driver refuses its options, or can't look up its name (\(error.code))"))
        }
        mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2)
        mongoc_client_pool_max_size(pool, UInt32(options.size))
        let database = mongoc_uri_get_database(uri).map { String(cString: $0) } ?? "switchboard"
        return .success(ClientPool(pool: pool, database: database, options: options))
    }

    private static func setDefaults(_ uri: OpaquePointer) {
        let timeouts: [(String, Int32)] = [
            (MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 2_000), (MONGOC_URI_CONNECTTIMEOUTMS, 2_000), (MONGOC_URI_SOCKETTIMEOUTMS, 5_000),
            // The driver's ten seconds are how long it may not notice that a server can be used again.
            (MONGOC_URI_HEARTBEATFREQUENCYMS, 2_000),
        ]
        for (name, milliseconds) in timeouts where !mongoc_uri_has_option(uri, name) {
            mongoc_uri_set_option_as_int32(uri, name, milliseconds)
        }
        if mongoc_uri_get_appname(uri) == nil { mongoc_uri_set_appname(uri, "switchboard") }
        if let concern = mongoc_read_concern_new() {
            mongoc_read_concern_set_level(concern, MONGOC_READ_CONCERN_LEVEL_MAJORITY)
            mongoc_uri_set_read_concern(uri, concern)
            mongoc_read_concern_destroy(concern)
        }
        if let preference = mongoc_read_prefs_new(MONGOC_READ_PRIMARY) {
            mongoc_uri_set_read_prefs_t(uri, preference)
            mongoc_read_prefs_destroy(preference)
        }
    }
}
