import Actors

/// Why a file can't be opened as this program's store.
enum SQLiteOpenError: Error {
    /// The file's schema has this number, which a later version of the program knows.
    case newerSchema(Int)
    case notFullySynchronous

    var storeError: StoreError {
        switch self {
        case .newerSchema(let version):
            StoreError(.other, "the file has schema \(version), this program knows up to \(SQLiteSchema.steps.count): use a newer program")
        case .notFullySynchronous:
            StoreError(.other, "SQLite does not honour PRAGMA synchronous = FULL here")
        }
    }
}
