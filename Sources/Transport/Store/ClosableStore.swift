package import Actors

/// A store that holds a file or connections.
package protocol ClosableStore: Store {
    /// Finishes what runs, refuses what comes, and lets go of everything.
    func close() async

    /// Queries so far: commands to MongoDB; snapshots that were read of SQLite.
    var queryCount: Int { get }
}

extension SQLiteStore: ClosableStore {}
extension MongoStore: ClosableStore {}
