/// The figures of all runs, as tables for people.
struct FigureTable: Sendable {
    private(set) var figures: [Figure] = []

    /// Takes in what one run measured; what an earlier run measured too becomes one row with it.
    mutating func add(_ measured: [Figure]) {
        for figure in measured {
            if let known = figures.firstIndex(where: { $0.measuresSame(as: figure) }) {
                figures[known].add(figure)
            } else {
                figures.append(figure)
            }
        }
    }

    /// What the figures are about, told by the first word of their scenarios, in the order in which they came.
    var subjects: [(name: String, matrix: FigureMatrix)] {
        var names: [String] = []
        for figure in figures where !names.contains(figure.subject) { names.append(figure.subject) }
        return names.map { name in (name, FigureMatrix(figures.filter { $0.subject == name }, of: name)) }
    }

    var table: TextTable {
        let hasRuns = figures.contains { $0.values.count > 1 }
        let heading = ["scenario", "measure"] + (hasRuns ? ["min", "median", "max"] : ["value"]) + ["unit", "goal"]
        let rows = figures.map { figure in
            let values = hasRuns ? [figure.least, figure.median, figure.greatest] : [figure.median]
            return [figure.scenario, figure.measure] + values.map(Figure.text) + [figure.unit, figure.verdict]
        }
        return TextTable(heading: heading, rows: rows, numbers: 2..<(heading.count - 2))
    }
}

extension Figure {
    var subject: String { String(scenario.prefix { $0 != " " }) }
}
