import FoundationEssentials

/// What one thing costs a cluster. The raw value is its row in `switchboard bench costs`.
enum Cost: String, CaseIterable, Sendable {
    case instanceMemory = "memory of an instance without a connection"
    case connectionMemory = "memory of a connection"
    case connect = "a connection that comes and goes"
    case heartbeat = "a heartbeat of a connection"
    case send = "a message sent, stored and acknowledged"
    case delivery = "one more delivery of a message"
    case hintForNobody = "a hint that is for nobody here"
    case hintDelivered = "a hint and its first delivery"
    case change = "a changed conversation in a round of the reconciler"
    case redisPublish = "Redis: a publish"
    case redisCopy = "Redis: a copy of it for a subscriber"
    case redisConnection = "Redis: a connection that comes and goes"
    case redisSubscription = "Redis: memory of a subscription"
    case storedMessage = "a message in the SQLite file"
    case durableRate = "messages that SQLite takes"

    /// Processor time, where nothing else is said.
    var unit: String {
        switch self {
        case .instanceMemory, .connectionMemory, .redisSubscription, .storedMessage: "B"
        case .durableRate: "/s"
        default: "µs"
        }
    }
}

/// What everything costs, as it was measured.
struct Costs: Sendable {
    static let scenario = "costs"

    private let values: [Cost: Double]

    /// - Throws: where one is missing or not a number above 0.
    init(_ values: [Cost: Double]) throws(ExitError) {
        for cost in Cost.allCases where !((values[cost] ?? 0) > 0 && values[cost]?.isFinite == true) {
            throw ExitError(.failure, "the figures lack \"\(cost.rawValue)\": make them with switchboard bench costs --json FILE")
        }
        self.values = values
    }

    /// Reads what `switchboard bench costs --json FILE` has written; of several runs the median counts.
    init(json: Data) throws(ExitError) {
        let rows: [Row]
        do {
            rows = try JSONDecoder().decode([Row].self, from: json)
        } catch {
            throw ExitError(.failure, "these are no figures of switchboard bench costs --json FILE")
        }
        var values: [Cost: Double] = [:]
        for row in rows where row.scenario == Self.scenario {
            guard let cost = Cost(rawValue: row.measure) else { continue }
            let sorted = row.values.sorted()
            guard !sorted.isEmpty else { continue }
            values[cost] = sorted[sorted.count / 2]
        }
        try self.init(values)
    }

    subscript(_ cost: Cost) -> Double { values[cost] ?? .nan }

    private struct Row: Decodable {
        let scenario: String
        let measure: String
        let values: [Double]
    }
}
