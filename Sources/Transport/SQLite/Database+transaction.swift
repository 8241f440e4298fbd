import GRDB

extension Database {
    /// Commits what `body` writes, or nothing where it throws.
    ///
    /// As `inTransaction(.immediate)`, which prepares its `BEGIN` and `COMMIT` anew each time: of a lone message's statements that is a part
    /// that one sees.
    func inPreparedTransaction<Value>(_ body: () throws -> Value) throws -> Value {
        try cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
        do {
            let value = try body()
            try cachedStatement(sql: "COMMIT TRANSACTION").execute()
            return value
        } catch {
            // What was wrong first is what counts; an error may have rolled back already.
            if isInsideTransaction { try? rollback() }
            throw error
        }
    }
}
