/// Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4).
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics as text.
    static func write(_ families: [PrometheusRegistry.Family]) -> String {
        var text = ""
        text.reserveCapacity(32_768)
        for family in families { write(family, to: &text) }
        return text
    }

    /// A name with every character that is not allowed in one replaced.
    static func name(_ label: String) -> String {
        let characters = label.unicodeScalars.map { scalar -> Character in
            let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == ":")
            return isAllowed ? Character(scalar) : "_"
        }
        let startsWithDigit = characters.first?.isNumber ?? true
        return (startsWithDigit ? "_" : "") + String(characters)
    }

    /// Labels in the order in which they were given: `kind="direct",path="bus"`.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.map { "\(name($0.0))=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",")
    }

    private static func write(_ family: PrometheusRegistry.Family, to text: inout String) {
        let declaration = family.declaration
        text += "# HELP \(declaration.name) \(escaped(declaration.help, quotes: false))\n"
        text += "# TYPE \(declaration.name) \(declaration.kind.word)\n"
        for (labels, cell) in family.series.sorted(by: { $0.key < $1.key }) {
            switch cell {
            case .counter(let cell): line(declaration.name, labels, "\(cell.value)", to: &text)
            case .gauge(let cell): line(declaration.name, labels, number(cell.value), to: &text)
            case .histogram(let cell): write(cell, declaration.name, labels, to: &text)
            }
        }
    }

    private static func write(_ cell: HistogramCell, _ name: String, _ labels: String, to text: inout String) {
        let (counts, sum) = cell.state
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: Int64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < cell.bounds.count ? number(cell.bounds[index]) : "+Inf"
            line(name + "_bucket", "\(prefix)le=\"\(bound)\"", "\(total)", to: &text)
        }
        line(name + "_sum", labels, number(sum), to: &text)
        // From the buckets themselves, so that it never differs from the last of them.
        line(name + "_count", labels, "\(total)", to: &text)
    }

    private static func line(_ name: String, _ labels: String, _ value: String, to text: inout String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
