package import Actors
import GRDB

extension SQLiteStore {
    package func record(_ minute: ActivityMinute) async throws(StoreError) {
        try await commits.submit { db, _ in
            let columns = ActivityFigure.allCases.map(\.column)
            let statement = try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO activity (minute, instance, \(columns.joined(separator: ", ")))
                    VALUES (?, ?\(String(repeating: ", ?", count: columns.count)))
                    """
            )
            let counts = ActivityFigure.allCases.map { minute.counts[$0] }
            try statement.execute(arguments: [minute.minute, minute.instanceID] + StatementArguments(counts))
        }
    }

    package func activity(of instanceID: String, in minute: Int64) async throws(StoreError) -> ActivityCounts? {
        let columns = ActivityFigure.allCases.map(\.column).joined(separator: ", ")
        return try await read { db in
            let statement = try db.cachedStatement(sql: "SELECT \(columns) FROM activity WHERE minute = ? AND instance = ?")
            return try Row.fetchOne(statement, arguments: [minute, instanceID]).map { try ActivityCounts($0, from: 0) }
        }
    }

    package func activity(in minutes: Range<Int64>, step: Int64) async throws(StoreError) -> [ActivitySpan] {
        let step = max(1, step)
        return try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT minute / ?1 * ?1 AS span, \(Self.merged { $0.isAddedOverMinutes }) FROM (
                        SELECT minute, \(Self.merged { $0.isAddedOverInstances }) FROM activity
                        WHERE minute >= ?2 AND minute < ?3 GROUP BY minute
                    ) GROUP BY span ORDER BY span
                    """
            )
            let rows = try Row.fetchCursor(statement, arguments: [step, minutes.lowerBound, minutes.upperBound])
            return try Array(
                rows.map { row in ActivitySpan(start: try row.integer(0), counts: try ActivityCounts(row, from: 1)) }
            )
        }
    }

    package func forgetActivity(before minute: Int64) async throws(StoreError) {
        try await commits.submit { db, _ in
            try db.cachedStatement(sql: "DELETE FROM activity WHERE minute < ?").execute(arguments: [minute])
        }
    }

    private static func merged(_ isAdded: (ActivityFigure) -> Bool) -> String {
        ActivityFigure.allCases.map { "\(isAdded($0) ? "sum" : "max")(\($0.column)) AS \($0.column)" }.joined(separator: ", ")
    }
}

extension ActivityCounts {
    /// - Parameter first: the column of the first figure; the others follow.
    fileprivate init(_ row: Row, from first: Int) throws {
        self.init()
        for figure in ActivityFigure.allCases { self[figure] = Int(try row.integer(first + figure.rawValue)) }
    }
}

extension ActivityFigure {
    fileprivate var column: String {
        switch self {
        case .users: "users"
        case .connections: "connections"
        case .messages: "messages"
        case .oneConnection: "one_connection"
        case .twoConnections: "two_connections"
        case .threeConnections: "three_connections"
        case .moreConnections: "more_connections"
        case .withinMinute: "within_minute"
        case .withinTenMinutes: "within_ten_minutes"
        case .withinHour: "within_hour"
        case .withinEightHours: "within_eight_hours"
        case .later: "later"
        }
    }
}
