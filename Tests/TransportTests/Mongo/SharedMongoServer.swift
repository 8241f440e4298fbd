import Glibc
import LocalCluster
import Synchronization
import TestSupport
import Testing

@testable import Transport

/// A MongoDB server that tests of one run share, each with a database of its own. It ends with the run.
final class SharedMongoServer: Sendable {
    /// For tests that leave the server as it is.
    static let common = SharedMongoServer(ownOnly: false)
    /// For tests that make commands fail; one at a time.
    static let failing = SharedMongoServer(ownOnly: true)

    /// Of tests that use a server beside others.
    static let turns = Turns(6)

    private static let processIDs = Mutex<[Int32]>([])
    private static let databases = Atomic(0)
    private let started: Task<MongoServer, any Error>

    private init(ownOnly: Bool) {
        started = Task { try await Self.start(ownOnly: ownOnly) }
    }

    /// The server's address with a database of the caller's own.
    func uri(options: String = "") async throws -> String {
        try await started.value.uri(database: Self.newDatabase(), options: options)
    }

    var server: MongoServer {
        get async throws { try await started.value }
    }

    /// A name that no other test uses, nor one of an earlier run on the same server.
    static func newDatabase() -> String {
        let number = databases.add(1, ordering: .relaxed).newValue
        return "switchboard_test_\(getpid())_\(UInt32.random(in: 0 ... .max))_\(number)"
    }

    private static func start(ownOnly: Bool) async throws -> MongoServer {
        let server = try await MongoServer.start(ownOnly: ownOnly)
        guard let id = server.processIdentifier else { return server }
        processIDs.withLock { ids in
            // The tests' process ends without letting go of what is global.
            if ids.isEmpty { atexit { SharedMongoServer.endAll() } }
            ids.append(id)
        }
        return server
    }

    private static func endAll() {
        for id in processIDs.withLock({ $0 }) { kill(id, SIGKILL) }
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

    /// A store for the time of `body`.
    static func with(_ uri: String, _ body: (MongoStore) async throws -> Void) async throws {
        try await SharedMongoServer.turns.take {
            let store = try await openForTest(uri)
            try await doing {
                try await body(store)
            } finally: {
                await store.close()
            }
        }
    }
}
