/// Whether the store answers, and since when.
struct StoreHealth {
    /// What an answer, or its absence, changes.
    enum Change: Hashable {
        case none
        case lost
        /// After this time.
        case restored(Duration)
    }

    private var lostAt: Duration?

    /// - Parameter uptime: when it was asked.
    mutating func answered(at uptime: Duration) -> Change {
        guard let lostAt else { return .none }
        self.lostAt = nil
        return .restored(uptime - lostAt)
    }

    mutating func failed(at uptime: Duration) -> Change {
        guard lostAt == nil else { return .none }
        lostAt = uptime
        return .lost
    }
}
