/// A heading and rows of text, for people and for a page of Markdown.
struct TextTable: Sendable {
    let heading: [String]
    let rows: [[String]]
    /// The columns that are written to the right.
    let numbers: Range<Int>

    /// A heading and one line a row; the columns are as wide as what is in them.
    var lines: [String] {
        let all = [heading] + rows
        let widths = heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return numbers.contains(column) ? space + row[column] : row[column] + space
            }
            let line = cells.joined(separator: "  ")
            return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
        }
    }

    var markdown: [String] {
        let rule = heading.indices.map { numbers.contains($0) ? "---:" : "---" }
        return ([heading, rule] + rows).map { "| \($0.joined(separator: " | ")) |" }
    }
}
