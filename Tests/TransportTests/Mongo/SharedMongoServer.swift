import Glibc
import LocalCluster
import Synchronization
import Testing
import Transport

/// The MongoDB server that all tests of a run share, each with a database of its own. It ends with the run.
enum SharedMongoServer {
    private static let started = Task { try await start() }
    private static let processID = Atomic<Int32>(0)
    private static let databases = Atomic(0)

    static func uri(options: String = "") async throws -> String {
        try await started.value.uri(database: newDatabase(), options: options)
    }

    /// A name that no other test uses, nor one of an earlier run on the same server.
    static func newDatabase() -> String {
        let number = databases.add(1, ordering: .relaxed).newValue
        return "switchboard_test_\(getpid())_\(UInt32.random(in: 0 ... .max))_\(number)"
    }

    private static func start() async throws -> MongoServer {
        let server = try await MongoServer.start()
        if let id = server.processIdentifier {
            processID.store(id, ordering: .sequentiallyConsistent)
            // The tests' process ends without letting go of what is global.
            atexit {
                let id = SharedMongoServer.processID.load(ordering: .sequentiallyConsistent)
                if id != 0 { kill(id, SIGKILL) }
            }
        }
        return server
    }
}

extension MongoStore {
    /// A store of a test: with few threads, since there are many of them.
    static func openForTest(_ uri: String, poolSize: Int = 4, patience: Duration = .seconds(10)) async throws -> MongoStore {
        var options = MongoStore.Options()
        options.poolSize = poolSize
        options.patience = patience
        return try await MongoStore.open(uri: uri, options: options)
    }
}
