import GRDB

/// The file's change stamps within one write transaction: the counter is read when it begins and written before it commits,
/// so that stamps ascend in the order of commits whatever process makes them.
struct StampCounter {
    private(set) var value: Int64
    private let start: Int64

    init(_ db: Database) throws {
        value = try Self.latest(db)
        start = value
    }

    mutating func next() -> Int64 {
        value += 1
        return value
    }

    func save(_ db: Database) throws {
        guard value > start else { return }
        try db.cachedStatement(sql: "UPDATE counter SET stamp = ? WHERE id = 1").execute(arguments: [value])
    }

    /// The highest stamp that is committed, or was given in this transaction before it.
    static func latest(_ db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(sql: "SELECT stamp FROM counter WHERE id = 1")
        guard let value = try Int64.fetchOne(statement) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        return value
    }
}
