import FoundationEssentials

@testable import App

/// What the dashboard and the alerts ask of Prometheus.
enum PromQL {
    private static let words: Set<String> = [
        "sum", "min", "max", "avg", "count", "rate", "increase", "histogram_quantile", "time", "by", "without", "on", "ignoring", "and",
        "or", "unless", "bool", "le",
    ]

    /// The names of metrics in an expression: what is left of its identifiers when functions, labels, selectors, ranges and texts are gone.
    static func metrics(in expression: String) -> Set<String> {
        var rest = expression.replacing(/"[^"]*"/, with: "")
        rest = rest.replacing(/\{[^}]*\}/, with: "").replacing(/\[[^\]]*\]/, with: "")
        rest = rest.replacing(/\b(by|without|on|ignoring)\s*\([^)]*\)/, with: "")
        return Set(rest.matches(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/).map { String($0.output) }).subtracting(words)
    }

    /// Every expression of a dashboard, those of its variables included.
    static func expressions(ofDashboard json: JSONValue) -> [String] {
        switch json {
        case .object(let fields):
            fields.flatMap { name, value in
                name == "expr" ? [value.string].compactMap(\.self) : expressions(ofDashboard: value)
            }
        case .array(let elements): elements.flatMap { expressions(ofDashboard: $0) }
        default: []
        }
    }

    /// Every expression of a file of rules. Of YAML it knows what such a file needs: `expr: …` in one line, or `expr: >-` and what is
    /// indented below it.
    static func expressions(ofRules text: String) -> [String] {
        var expressions: [String] = []
        var block: (indentation: Int, lines: [String])?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let indentation = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indentation)
            if let open = block {
                if indentation > open.indentation {
                    block?.lines.append(String(content))
                    continue
                }
                expressions.append(open.lines.joined(separator: " "))
                block = nil
            }
            guard content.hasPrefix("expr:") else { continue }
            let value = content.dropFirst(5).trimmingPrefix(" ")
            if value == ">-" { block = (indentation, []) } else { expressions.append(String(value)) }
        }
        if let block { expressions.append(block.lines.joined(separator: " ")) }
        return expressions
    }

    /// The names that a scrape's lines begin with: `_bucket`, `_sum` and `_count` of a histogram each.
    static func names(inScrape text: String) -> Set<String> {
        Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { String($0.prefix { $0 != "{" && $0 != " " }) })
    }
}

/// Files of the repository.
enum RepositoryFile {
    static func path(_ name: String) -> String {
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/" + name
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }
}
