import Actors
import AsyncHTTPClient
import FoundationEssentials
import LocalCluster
import NIOHTTP1

@testable import App

/// nginx with the files of `deploy/nginx` and the values that compose.yaml gives them, in front of instances on this machine.
struct LoadBalancer: Sendable {
    let url: String
    var port: Int { reserved.number }
    private let reserved: ReservedPort
    private let process: ChildProcess

    /// - Parameters:
    ///   - ports: the instances'.
    ///   - idle: after how long a connection on which nothing comes is closed; nil for compose.yaml's own value.
    static func start(before ports: [Int], idle: Duration? = nil) async throws -> LoadBalancer {
        let reserved = try ReservedPort()
        let port = reserved.number
        let directory = try TemporaryDirectory()
        let configuration = directory.path(of: "nginx.conf")
        try text(ports, idle: idle, port: port, directory: directory).write(toFile: configuration, atomically: false, encoding: .utf8)
        let process = try ChildProcess(
            executable: "/usr/sbin/nginx",
            arguments: ["-p", directory.path, "-c", configuration],
            environment: ["PATH": "/usr/sbin:/usr/bin:/bin"],
            directory: directory.path
        )
        let url = "http://127.0.0.1:\(port)"
        try await eventually(within: .seconds(30), "an answer of nginx") {
            // Its own answer, which needs no instance.
            if try await process.hasEnded { throw ChildProcessError("nginx ended: \(process.lines().joined(separator: "\n"))") }
            return (try? await APIClient(http: .shared, base: url).call(.GET, "/metrics").status) == 404
        }
        return LoadBalancer(url: url, reserved: reserved, process: process, directory: directory)
    }

    private init(url: String, reserved: ReservedPort, process: ChildProcess, directory: TemporaryDirectory) {
        self.url = url
        self.reserved = reserved
        self.process = process
        self.directory = directory
    }

    private let directory: TemporaryDirectory

    /// Nobody in particular, on whichever instance.
    var visitor: APIClient { APIClient(http: .shared, base: url) }

    private static func text(_ ports: [Int], idle: Duration?, port: Int, directory: TemporaryDirectory) throws -> String {
        let repository = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let compose = try String(contentsOfFile: "\(repository)/compose.yaml", encoding: .utf8)
        var template = try String(contentsOfFile: "\(repository)/deploy/nginx/templates/switchboard.conf.template", encoding: .utf8)
        func value(_ name: String) throws -> String {
            guard let line = compose.split(separator: "\n").first(where: { $0.contains("\(name): ") }),
                let start = line.firstRange(of: ": ")?.upperBound
            else { throw ChildProcessError("compose.yaml doesn't set \(name)") }
            return String(line[start...])
        }
        // Names are found by Docker's name server there, and "resolve" needs a newer nginx than Debian's.
        let server = try value("SWITCHBOARD_SERVERS")
        let servers = ports.map { server.replacing("backend:8000 resolve", with: "127.0.0.1:\($0)") }
        let values = [
            "SWITCHBOARD_RESOLVER": "",
            "SWITCHBOARD_SERVERS": servers.joined(separator: "\n"),
            "SWITCHBOARD_LISTEN": "127.0.0.1:\(port)",
            "SWITCHBOARD_IDLE": try idle.map { "\($0.milliseconds)ms" } ?? value("SWITCHBOARD_IDLE"),
        ]
        for (name, value) in values { template = template.replacing("${\(name)}", with: value) }
        template = template.replacing("/etc/nginx/switchboard-server.conf", with: "\(repository)/deploy/nginx/switchboard-server.conf")
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(directory.path(of: $0));" }
        // One process, so that none is left when it is killed.
        return """
            daemon off; master_process off; pid \(directory.path(of: "nginx.pid")); error_log stderr notice;
            events {}
            http {
                \(folders.joined(separator: " "))
                include \(repository)/deploy/nginx/switchboard-http.conf;
            \(template)
            }
            """
    }
}

extension ChildProcess {
    fileprivate var hasEnded: Bool {
        get async throws { (try? await waitForExit(timeout: .milliseconds(1))) != nil }
    }
}
