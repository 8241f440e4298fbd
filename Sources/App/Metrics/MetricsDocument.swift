/// The metrics as people read them.
enum MetricsDocument {
    /// A table in Markdown.
    static var markdown: String {
        let rows = MetricCatalogue.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "`\(metric.name)` | \(metric.kind.word) | \(labels.isEmpty ? "–" : labels) | \(metric.help)"
        }
        return (["metric | kind | labels | meaning", "--- | --- | --- | ---"] + rows).map { "| \($0) |\n" }.joined()
    }
}
