import Glibc
import LocalCluster
import Synchronization

/// The MongoDB server that the clusters of one run share, each with a database of its own. It ends with the run.
enum SharedMongo {
    private static let processID = Atomic<Int32>(0)
    private static let started = Task { () async throws -> String in
        let server = try await MongoServer.start()
        if let id = server.processIdentifier {
            processID.store(id, ordering: .relaxed)
            // The tests' process ends without letting go of what is global.
            atexit { kill(SharedMongo.processID.load(ordering: .relaxed), SIGKILL) }
        }
        keptAlive.withLock { $0 = server }
        return server.uri
    }

    /// Its directory goes with it.
    private static let keptAlive = Mutex<MongoServer?>(nil)

    static var uri: String {
        get async throws { try await started.value }
    }
}
