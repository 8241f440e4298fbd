package import Actors

/// A store that holds a file or connections.
package protocol ClosableStore: Store {
    /// Finishes what runs, refuses what comes, and lets go of everything.
    func close() async
}

extension SQLiteStore: ClosableStore {}
extension MongoStore: ClosableStore {}
