import Actors

/// What a run found, as JSON and as a table.
struct ChaosReport: Encodable, Sendable {
    struct Delay: Encodable, Sendable {
        let condition: String
        let count: Int
        let p99Ms: Int64
        let worstMs: Int64
        /// Nil where nothing is promised.
        let limitMs: Int64?
        /// What the worst was.
        let worst: String

        var isMet: Bool { limitMs.map { worstMs <= $0 } ?? true }
    }

    let seed: UInt64
    let seconds: Int64
    let database: String
    let clients: Int
    let connections: Int
    let faults: [String: Int]
    let messages: Int
    let acknowledgements: Int
    let deliveries: Int
    let lost: [String]
    let twice: [String]
    let outOfOrder: [String]
    let wrongCloses: [String]
    let crashes: [String]
    let kicks: [String: Int]
    /// From an admin's first attempt to the answer, while the store may be away.
    let kickAnswers: [Delay]
    /// Of kicks after whose answer anything was open at all.
    let kickDelays: [Delay]
    let deliveryDelays: [Delay]
    /// The longest time in which the clients' own process stood still; it doesn't count as delay.
    let worstStallMs: Int64
    /// The longest time in which the database didn't answer a probe, all such times together, and what 99 of 100 probes took; nil where it
    /// isn't asked. It doesn't count as delay.
    let worstStoreStallMs: Int64?
    let storeStallsMs: Int64?
    let storeAnswerP99Ms: Int64?
    /// How often the instances logged what shows that the faults were felt.
    let felt: [String: Int]

    private static let telling = [
        "bus_lost", "gap_filled", "kick_recovered", "instance_reaped", "presence_restored", "publish_dropped", "slow_consumer",
        "store_unavailable",
    ]

    init(plan: ChaosRun.Plan, history: History, crashes: [String], log: [String] = []) {
        seed = plan.seed
        seconds = plan.length.milliseconds / 1_000
        database = plan.database.rawValue
        clients = history.clients.count
        connections = history.clients.reduce(0) { $0 + $1.connections.count { $0.welcomedAt != nil } }
        faults = Dictionary(grouping: history.faults, by: \.kind.rawValue).mapValues(\.count)
        messages = history.stored.values.reduce(0) { $0 + $1.count }
        let events = history.clients.lazy.flatMap(\.connections).flatMap(\.events)
        acknowledgements = events.count { if case .acknowledged = $0.kind { true } else { false } }
        deliveries = events.count { if case .received = $0.kind { true } else { false } }
        let findings = HistoryChecker(history: history).check()
        lost = findings.lost
        twice = findings.twice
        outOfOrder = findings.outOfOrder
        wrongCloses = findings.wrongCloses
        self.crashes = crashes
        kicks = Dictionary(grouping: history.kicks, by: \.action.rawValue).mapValues(\.count)
        let analysis = DelayAnalysis(history: history)
        kickAnswers = [Delay("asked to answered", analysis.answerTimes, limit: nil)].compactMap(\.self)
        let kickDelays = analysis.kicks()
        self.kickDelays = DelayAnalysis.Kick.Condition.allCases.compactMap { condition in
            let of = kickDelays.filter { $0.condition == condition }
            return Delay(condition.rawValue, of.map { ($0.delay, $0.detail) }, limit: condition.limit)
        }
        let deliveryDelays = analysis.deliveries()
        self.deliveryDelays = DelayAnalysis.Delivery.Condition.allCases.compactMap { condition in
            let of = deliveryDelays.filter { $0.condition == condition }
            return Delay(condition.rawValue, of.map { ($0.delay, $0.detail) }, limit: condition.limit)
        }
        worstStallMs = history.stalls.map { $0.ended - $0.began }.max()?.milliseconds ?? 0
        let answers = history.storeAnswers.sorted()
        let isProbed = !answers.isEmpty
        worstStoreStallMs = isProbed ? history.storeStalls.map { $0.ended - $0.began }.max()?.milliseconds ?? 0 : nil
        storeStallsMs = isProbed ? history.storeStalls.reduce(Duration.zero) { $0 + $1.ended - $1.began }.milliseconds : nil
        storeAnswerP99Ms = isProbed ? answers[(answers.count - 1) * 99 / 100].milliseconds : nil
        var felt: [String: Int] = [:]
        for line in log {
            // 2026-01-08T12:00:00.000Z [INFO] [RedisBus] event {…}
            let words = line.split(separator: " ", maxSplits: 4)
            if words.count > 3, Self.telling.contains(String(words[3])) { felt[String(words[3]), default: 0] += 1 }
        }
        self.felt = felt
    }

    /// Whether every promise was kept.
    var isClean: Bool {
        isComplete && deliveryDelays.allSatisfy(\.isMet)
    }

    /// Whether every promise was kept but for those of how soon a message comes.
    var isComplete: Bool {
        [lost, twice, outOfOrder, wrongCloses, crashes].allSatisfy(\.isEmpty) && kickDelays.allSatisfy(\.isMet)
    }

    /// For people.
    var lines: [String] {
        var rows: [(String, String)] = [
            ("seed", "\(seed)"), ("database", database), ("length", "\(seconds) s"), ("clients", "\(clients)"),
            ("connections", "\(connections)"), ("faults", "\(faults.values.reduce(0, +))"),
        ]
        rows += faults.sorted { $0.key < $1.key }.map { ("  \($0.key)", "\($0.value)") }
        rows += [
            ("messages", "\(messages)"), ("deliveries", "\(deliveries)"), ("lost", "\(lost.count)"), ("twice", "\(twice.count)"),
            ("out of order", "\(outOfOrder.count)"), ("closed without cause", "\(wrongCloses.count)"), ("crashes", "\(crashes.count)"),
            ("kicks", "\(kicks.values.reduce(0, +))"),
        ]
        rows += kicks.sorted { $0.key < $1.key }.map { ("  \($0.key)", "\($0.value)") }
        rows += kickAnswers.map { ("worst kick, \($0.condition)", $0.text) }
        rows += kickDelays.map { ("worst kick delay, \($0.condition)", $0.text) }
        rows += deliveryDelays.map { ("worst delivery, \($0.condition)", $0.text) }
        rows.append(("worst standstill of the clients", "\(worstStallMs) ms"))
        if let worstStoreStallMs, let storeStallsMs, let storeAnswerP99Ms {
            rows.append(("worst standstill of the database", "\(worstStoreStallMs) ms (all: \(storeStallsMs) ms)"))
            rows.append(("database's answer to a probe, 99 %", "\(storeAnswerP99Ms) ms"))
        }
        rows += felt.sorted { $0.key < $1.key }.map { ("logged \($0.key)", "\($0.value)") }
        let width = rows.map(\.0.count).max() ?? 0
        var lines = rows.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 }
        for (name, found) in [
            ("lost", lost), ("twice", twice), ("out of order", outOfOrder), ("closed without cause", wrongCloses), ("crashes", crashes),
        ] {
            lines += found.prefix(20).map { "\(name): \($0)" }
        }
        for delay in kickDelays + deliveryDelays where !delay.isMet { lines.append("too late, \(delay.condition): \(delay.worst)") }
        return lines
    }
}

extension ChaosReport.Delay {
    /// Nil where nothing was measured.
    fileprivate init?(_ condition: String, _ delays: [(delay: Duration, detail: String)], limit: Duration?) {
        let sorted = delays.sorted { $0.delay < $1.delay }
        guard let worst = sorted.last else { return nil }
        self.condition = condition
        count = sorted.count
        p99Ms = sorted[(sorted.count - 1) * 99 / 100].delay.milliseconds
        worstMs = worst.delay.milliseconds
        limitMs = limit?.milliseconds
        self.worst = worst.detail
    }

    fileprivate var text: String {
        "\(worstMs) ms (99 %: \(p99Ms) ms, of \(count))\(limitMs.map { ", limit \($0) ms" } ?? "")"
    }
}

extension DelayAnalysis.Kick.Condition {
    /// What is promised, and half a second in which a busy machine may bring the client what was written before.
    fileprivate var limit: Duration {
        switch self {
        case .here: .milliseconds(500)
        case .healthy: .milliseconds(1_500)
        case .faulty: .milliseconds(5_500)
        }
    }
}

extension DelayAnalysis.Delivery.Condition {
    fileprivate var limit: Duration {
        switch self {
        case .healthy, .bus: .milliseconds(3_000)
        case .recovery: .seconds(10)
        }
    }
}
