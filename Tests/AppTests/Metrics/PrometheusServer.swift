import AsyncHTTPClient
import FoundationEssentials
import Glibc
import LocalCluster
import NIOHTTP1

@testable import App

/// A real Prometheus on a free port of the loopback address that asks some instances every second.
struct PrometheusServer: Sendable {
    private let port: ReservedPort
    private let process: ChildProcess
    private let directory: TemporaryDirectory
    private let api: APIClient

    /// - Parameters:
    ///   - targets: `host:port` of each.
    ///   - rules: path of a file of rules.
    static func start(targets: [String], rules: String) async throws -> PrometheusServer {
        let directory = try TemporaryDirectory()
        let list = targets.map { "'\($0)'" }.joined(separator: ", ")
        let configuration = """
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: [ '\(rules)' ]
            scrape_configs:
              - job_name: switchboard
                static_configs: [ { targets: [ \(list) ] } ]

            """
        try Data(configuration.utf8).write(to: URL(filePath: directory.path(of: "prometheus.yml")))
        let port = try ReservedPort()
        let process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: [
                "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:\(port.number)",
            ],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": directory.path],
            directory: directory.path
        )
        let server = PrometheusServer(
            port: port,
            process: process,
            directory: directory,
            api: APIClient(http: .shared, base: "http://127.0.0.1:\(port.number)")
        )
        try await eventually(within: .seconds(60), "an answer of Prometheus") {
            try? await Task.sleep(for: .milliseconds(100))
            return (try? await server.api.call(.GET, "/-/ready").status) == 200
        }
        return server
    }

    /// - Throws: where Prometheus can't understand the question.
    func ask(_ expression: String) async throws -> [JSONValue] {
        let encoded = expression.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let answer = try await api.call(.GET, "/api/v1/query?query=\(encoded)")
        guard answer.status == 200 else { throw APIClient.Failure(description: "\(expression): \(answer.json["error"].string ?? "?")") }
        return answer.json["data"]["result"].array
    }

    func stop() async {
        process.send(SIGTERM)
        _ = try? await process.waitForExit()
    }
}
