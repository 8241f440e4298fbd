/// The figures of all runs, as a table for people.
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

    /// A heading and one line a figure; the columns are as wide as what is in them.
    var lines: [String] {
        let hasRuns = figures.contains { $0.values.count > 1 }
        let heading = ["scenario", "measure"] + (hasRuns ? ["min", "median", "max"] : ["value"]) + ["unit", "goal"]
        let rows = figures.map { figure in
            let values = hasRuns ? [figure.least, figure.median, figure.greatest] : [figure.median]
            return [figure.scenario, figure.measure] + values.map(Figure.text) + [figure.unit, figure.verdict]
        }
        let all = [heading] + rows
        let widths = heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let numbers = 2..<(heading.count - 2)
        return all.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return numbers.contains(column) ? space + row[column] : row[column] + space
            }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }
}
