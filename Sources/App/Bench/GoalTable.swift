/// Every figure that has a goal, in the order of the goals, with what others reach beside it.
struct GoalTable: Sendable {
    /// What the server is to be good at, by the first words of scenarios.
    private static let order = ["idle", "fanout", "dm", "durable", "mongodb", "channels", "cluster", "reconnect", "start", "image"]

    private let figures: [Figure]
    private let isComplete: Bool
    private let leftOut: [String: String]

    /// - Parameters:
    ///   - isComplete: whether everything was measured, so that what has no figure is told too.
    ///   - leftOut: why a subject has none.
    init(_ figures: [Figure], isComplete: Bool, leftOut: [String: String] = [:]) {
        self.figures = figures
        self.isComplete = isComplete
        self.leftOut = leftOut
    }

    var table: TextTable {
        let judged = figures.filter { $0.goal != nil }
        var subjects = Self.order
        for figure in judged where !subjects.contains(figure.subject) { subjects.append(figure.subject) }
        var rows: [[String]] = []
        for subject in subjects {
            let own = judged.filter { $0.subject == subject }
            rows += own.map(row)
            let why = leftOut[subject].map { ": \($0)" } ?? ""
            if own.isEmpty && isComplete { rows.append([subject, "", "", "not measured\(why)", ""]) }
        }
        return TextTable(heading: ["measure", "value", "goal", "", "beside it"], rows: rows, numbers: 1..<2)
    }

    private func row(_ figure: Figure) -> [String] {
        let beside = peers(of: figure).map { name, other in
            "\(name) \(Figure.text(other.median))\(other.unit == figure.unit ? "" : Self.unit(other))"
        }
        return [
            "\(figure.scenario): \(figure.measure)",
            Self.value(figure),
            (figure.goal?.text ?? "") + Self.unit(figure),
            figure.isReached == true ? "reached" : "missed",
            beside.joined(separator: ", "),
        ]
    }

    private static func value(_ figure: Figure) -> String { Figure.text(figure.median) + unit(figure) }
    private static func unit(_ figure: Figure) -> String { figure.unit.isEmpty || figure.unit == "×" ? figure.unit : " \(figure.unit)" }

    /// What others reach in the same, and what stands beside it for want of that.
    private func peers(of figure: Figure) -> [(name: String, figure: Figure)] {
        let stem = figure.scenario.split(separator: " ").filter { $0 != "Switchboard" }.joined(separator: " ")
        let same = others(than: figure) { "\(stem) \($0)" == $1 }
        // Others aren't asked to hold as many connections.
        let similar = same.isEmpty && figure.subject == "idle" ? others(than: figure) { $1.hasSuffix(" \($0)") } : []
        return same + similar + bare(beside: figure)
    }

    /// - Parameter isMeant: told a server's name and a scenario of the same subject.
    private func others(than figure: Figure, _ isMeant: (String, String) -> Bool) -> [(name: String, figure: Figure)] {
        FanoutServers.Kind.allCases.filter { $0 != .switchboard }.flatMap { kind in
            figures.filter { other in
                other.subject == figure.subject && isMeant(kind.rawValue, other.scenario)
                    && (other.measure == figure.measure || Self.isNext(other.measure, to: figure))
            }.map { (kind.rawValue, $0) }
        }
    }

    /// The peer's measure that stands for one that it has not.
    private static func isNext(_ measure: String, to figure: Figure) -> Bool {
        figure.subject == "dm" && measure == "delivery A→B p50"
    }

    private func bare(beside figure: Figure) -> [(name: String, figure: Figure)] {
        switch figure.subject {
        case "durable": named("bare SQLite") { $0.scenario == "bare SQLite" && $0.measure.hasPrefix("inserts, 50 in") }
        case "mongodb": named("") { $0.scenario == figure.scenario && $0.measure.hasPrefix("bare insertMany") && $0.unit == "/s" }
        case "dm": named("") { $0.scenario == figure.scenario && $0.measure.hasPrefix("bare ") && $0.measure.hasSuffix("p50") }
        case "cluster": named("") { $0.subject == "cluster" && $0.measure == figure.measure && $0.scenario != figure.scenario }
        case "reconnect" where figure.unit == "s": named("") { $0.subject == "idle" && $0.measure == "until all are connected" }
        case "fanout" where figure.unit == "×": named("") { Self.isDelivery($0, comparedIn: figure) }
        default: []
        }
    }

    /// Whether it is the rate of the server that the other figure's measure ends with.
    private static func isDelivery(_ other: Figure, comparedIn figure: Figure) -> Bool {
        let peer = figure.measure.split(separator: " ").last ?? ""
        return other.subject == "fanout" && other.measure == "delivered" && other.scenario.hasSuffix(" \(peer)")
    }

    /// - Parameter name: what they are called; empty where their own words tell it.
    private func named(_ name: String, _ isMeant: (Figure) -> Bool) -> [(name: String, figure: Figure)] {
        figures.filter(isMeant).map { figure in
            (!name.isEmpty ? name : figure.measure.hasPrefix("bare ") ? figure.measure : figure.scenario, figure)
        }
    }
}
