/// A page of Markdown that holds tables of figures between marks, where a further measurement puts its own.
///
///     <!-- figures: idle -->
///     …
///     <!-- end of figures -->
struct FiguresPage: Sendable {
    private(set) var text: String

    private static let end = "<!-- end of figures -->"

    init(_ text: String) {
        self.text = text
    }

    /// Puts `lines` where the marks name `name`; under a heading of its own at the end where none do.
    mutating func put(_ lines: [String], at name: String) {
        let begin = "<!-- figures: \(name) -->"
        let body = ([begin] + lines + [Self.end]).joined(separator: "\n")
        var old = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = old.firstIndex(of: begin), let last = old[first...].firstIndex(of: Self.end) else {
            if !text.isEmpty && !text.hasSuffix("\n") { text += "\n" }
            text += "\(text.isEmpty ? "" : "\n")## \(name)\n\n\(body)\n"
            return
        }
        old.replaceSubrange(first...last, with: [body])
        text = old.joined(separator: "\n")
    }

    /// Puts every subject's table in its place; the goals and the conditions of all only where all was measured.
    ///
    /// - Parameter leftOut: why a subject has no figure.
    mutating func put(_ table: FigureTable, conditions: String, isComplete: Bool, leftOut: [String: String] = [:]) {
        if isComplete {
            put([conditions], at: "conditions")
            put(GoalTable(table.figures, isComplete: true, leftOut: leftOut).table.markdown, at: "goals")
        }
        for (name, matrix) in table.subjects {
            put((isComplete ? [] : [conditions, ""]) + matrix.markdown, at: name)
        }
    }
}
