import Actors
import GRDB

extension StoreError {
    /// The port's word for what SQLite reports. The detail holds SQLite's code and its fixed text, never a statement or a value.
    init(sqlite error: any Error) {
        if let known = error as? StoreError {
            self = known
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.other, "\(type(of: error))")
            return
        }
        let extended = error.extendedResultCode
        self.init(Self.code(of: error), "SQLite \(extended.rawValue): \(extended)")
    }

    private static func code(of error: DatabaseError) -> Code {
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL, .SQLITE_READONLY,
            .SQLITE_INTERRUPT, .SQLITE_ABORT, .SQLITE_NOMEM, .SQLITE_PERM, .SQLITE_MISUSE:
            // GRDB reports a closed file as misuse.
            .unavailable
        case .SQLITE_CONSTRAINT:
            switch error.extendedResultCode {
            case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: .duplicateKey
            default: .other
            }
        default:
            .other
        }
    }
}
