import Foundation
import Testing

@testable import App

@Suite("docs/operate.md is what the program does")
struct OperateDocumentTests {
    private let document: String

    init() throws {
        document = try RepositoryFile.text("docs/operate.md")
    }

    @Test("It has the table of all metrics")
    func metrics() {
        #expect(document.contains(MetricsDocument.markdown), "the table should be:\n\(MetricsDocument.markdown)")
    }

    @Test("It has every event that the code logs, with its level, and no other")
    func events() throws {
        let logged = try Self.loggedEvents()
        #expect(logged.count > 50)
        var documented: [String: String] = [:]
        for row in document.matches(of: /(?m)^\| `[A-Z][A-Za-z`, ]+ \| (`[^|]+`) \| (\w+) \|/) {
            for name in row.output.1.matches(of: /`([^`]+)`/) { documented[String(name.output.1)] = String(row.output.2) }
        }
        for (event, level) in logged {
            #expect(documented[event] != nil, "\(event) is not in the document")
            if let level { #expect(documented[event] == level, "\(event)") }
        }
        for event in documented.keys { #expect(logged[event] != nil, "nothing logs \(event)") }
    }

    @Test("Each alert leads to a paragraph that names it")
    func alerts() throws {
        let rules = try RepositoryFile.text("deploy/prometheus/alerts.yml")
        let alerts = rules.matches(of: /alert: (\w+)[\s\S]*?runbook: docs\/operate\.md#([a-z-]+)/)
        #expect(alerts.count > 8)
        for alert in alerts {
            let heading = alert.output.2.replacing("-", with: " ")
            let section = document.lowercased().split(separator: "### \(heading)\n")
            #expect(section.count == 2, "no heading \(heading)")
            #expect(section.last?.hasPrefix("`\(alert.output.1.lowercased())`") == true, "\(alert.output.1)")
        }
    }

    /// The events in the sources with their levels; nil where the level is not beside the name.
    private static func loggedEvents() throws -> [String: String?] {
        var events: [String: String?] = [:]
        let root = RepositoryFile.path("Sources")
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) where name.hasSuffix(".swift") {
            let text = try String(contentsOfFile: root + "/" + name, encoding: .utf8)
            for call in text.matches(of: /ogger(?:\([^()]*\))?\??\.(trace|debug|info|notice|warning|error|critical)\(\s*"([^"\\]+)/) {
                let event = call.output.2.hasPrefix("Backend listening on") ? "Backend listening on …" : String(call.output.2)
                events[event] = String(call.output.1)
            }
            for call in text.matches(of: /(?:event(?:: | = )|: )"([a-z_]+_(?:published|dropped|applied))"/) {
                events.updateValue(events[String(call.output.1)] ?? nil, forKey: String(call.output.1))
            }
        }
        return events
    }
}
