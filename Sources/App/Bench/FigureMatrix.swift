/// Figures side by side, as a page has them: a row a measure, a column a scenario.
///
/// Scenarios that have no measure in common stand in tables of their own.
struct FigureMatrix: Sendable {
    private struct Measure: Hashable {
        let name: String
        let unit: String

        init(_ figure: Figure) {
            (name, unit) = (figure.measure, figure.unit)
        }
    }

    /// What one table shows.
    private struct Block {
        var scenarios: [String]
        var measures: [Measure]

        /// Takes in what a scenario measures besides, each behind what comes before it there.
        mutating func add(_ scenario: String, _ others: [Measure]) {
            scenarios.append(scenario)
            var place = 0
            for measure in others {
                if let known = measures.firstIndex(of: measure) {
                    place = known + 1
                } else {
                    measures.insert(measure, at: place)
                    place += 1
                }
            }
        }
    }

    private let figures: [Figure]
    private let subject: String

    /// - Parameters:
    ///   - figures: in the order in which they were measured.
    ///   - subject: with what their scenarios begin, which no heading repeats.
    init(_ figures: [Figure], of subject: String) {
        self.figures = figures
        self.subject = subject
    }

    var markdown: [String] {
        blocks.map { table(of: $0).markdown }.reduce([]) { $0.isEmpty ? $1 : $0 + [""] + $1 }
    }

    private var blocks: [Block] {
        var blocks: [Block] = []
        for (scenario, figures) in scenarios {
            let measures = figures.map(Measure.init)
            if let kin = blocks.firstIndex(where: { !Set($0.measures).isDisjoint(with: measures) }) {
                blocks[kin].add(scenario, measures)
            } else {
                blocks.append(Block(scenarios: [scenario], measures: measures))
            }
        }
        return blocks
    }

    private var scenarios: [(String, [Figure])] {
        var names: [String] = []
        for figure in figures where names.last != figure.scenario && !names.contains(figure.scenario) { names.append(figure.scenario) }
        return names.map { name in (name, figures.filter { $0.scenario == name }) }
    }

    private func table(of block: Block) -> TextTable {
        let hasRuns = figures.contains { $0.values.count > 1 }
        let rows = block.measures.map { measure in
            [measure.name]
                + block.scenarios.map { scenario in
                    figures.first { $0.scenario == scenario && Measure($0) == measure }.map { cell($0) } ?? ""
                }
                + [measure.unit]
        }
        let heading = [hasRuns ? "least / median / greatest" : ""] + block.scenarios.map(title) + [""]
        return TextTable(heading: heading, rows: rows, numbers: 1..<(heading.count - 1))
    }

    private func title(_ scenario: String) -> String {
        let rest = scenario.dropFirst(subject.count).drop { $0 == " " || $0 == "," }
        return rest.isEmpty ? scenario : String(rest)
    }

    private func cell(_ figure: Figure) -> String {
        let values = figure.values.count > 1 ? [figure.least, figure.median, figure.greatest] : [figure.median]
        let text = values.map(Figure.text).joined(separator: " / ")
        return figure.goal == nil ? text : "\(text) (\(figure.verdict))"
    }
}
