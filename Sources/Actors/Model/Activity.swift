/// A figure that instances note each minute.
package enum ActivityFigure: Int, CaseIterable, Sendable {
    /// The most users at a time, over the whole cluster.
    case users
    /// The most connections at a time.
    case connections
    /// Messages that were stored.
    case messages
    /// The most users at a time with one connection, with two, with three, and with more.
    case oneConnection, twoConnections, threeConnections, moreConnections
    /// Connections that ended within a minute, ten minutes, an hour, eight hours, and later.
    case withinMinute, withinTenMinutes, withinHour, withinEightHours, later

    /// Whether the figures of several instances for one minute are added; of the others the highest counts.
    package var isAddedOverInstances: Bool { self != .users }

    /// Whether the figures of several minutes are added; of the others the highest counts.
    package var isAddedOverMinutes: Bool {
        switch self {
        case .messages, .withinMinute, .withinTenMinutes, .withinHour, .withinEightHours, .later: true
        case .users, .connections, .oneConnection, .twoConnections, .threeConnections, .moreConnections: false
        }
    }

    package static let connectionsPerUser: [ActivityFigure] = [.oneConnection, .twoConnections, .threeConnections, .moreConnections]

    /// The figure that counts connections of a length, and up to how many seconds; nil for the last.
    package static let connectionLengths: [(figure: ActivityFigure, seconds: Int64?)] = [
        (.withinMinute, 60), (.withinTenMinutes, 600), (.withinHour, 3_600), (.withinEightHours, 28_800), (.later, nil),
    ]
}

/// A number for each figure; 0 where nothing was noted.
package struct ActivityCounts: Hashable, Sendable {
    private var values = [Int](repeating: 0, count: ActivityFigure.allCases.count)

    package init() {}

    package subscript(figure: ActivityFigure) -> Int {
        get { values[figure.rawValue] }
        set { values[figure.rawValue] = newValue }
    }

    package mutating func mergeInstance(_ other: ActivityCounts) {
        merge(other) { $0.isAddedOverInstances }
    }

    package mutating func mergeMinute(_ other: ActivityCounts) {
        merge(other) { $0.isAddedOverMinutes }
    }

    private mutating func merge(_ other: ActivityCounts, isAdded: (ActivityFigure) -> Bool) {
        for figure in ActivityFigure.allCases {
            self[figure] = isAdded(figure) ? self[figure] + other[figure] : max(self[figure], other[figure])
        }
    }
}

/// What one instance noted in one minute.
package struct ActivityMinute: Hashable, Sendable {
    package let instanceID: String
    /// Minutes since 1970-01-01T00:00Z.
    package let minute: Int64
    package let counts: ActivityCounts

    package init(instanceID: String, minute: Int64, counts: ActivityCounts) {
        self.instanceID = instanceID
        self.minute = minute
        self.counts = counts
    }
}

/// What all instances noted in some minutes on end.
package struct ActivitySpan: Hashable, Sendable {
    /// The first of its minutes, since 1970-01-01T00:00Z.
    package let start: Int64
    package var counts: ActivityCounts

    package init(start: Int64, counts: ActivityCounts) {
        self.start = start
        self.counts = counts
    }
}
