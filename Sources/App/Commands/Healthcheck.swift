import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL

/// Asks the instance on this machine how it is, for what watches over its container.
struct Healthcheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the instance on this machine whether it is ready; exit status 1 where it isn't.",
        discussion: """
            It asks for /readyz where serve listens by the same settings, of which it reads HOST, PORT and TLS_CERT_FILE alone. \
            Settings that can't be used, a PORT of 0 among them, end it with status 78.
            """
    )

    @OptionGroup var config: ConfigOption

    @Flag(help: "Ask for /livez: whether the process answers at all.")
    var live = false

    @Option(help: "Seconds to wait for the answer.")
    var timeout = 3

    func validate() throws {
        guard (1...60).contains(timeout) else { throw ValidationError("--timeout must be from 1 to 60.") }
    }

    func run() async throws {
        let url = try address() + (live ? "/livez" : "/readyz")
        let http = HTTPClient(configuration: Self.clientConfiguration)
        let answer: Result<Answer, any Error>
        do {
            answer = .success(try await ask(url, http))
        } catch {
            answer = .failure(error)
        }
        try? await http.shutdown()
        switch answer {
        case .success(let answer) where answer.status == 200: print("\(url): \(answer.text)")
        case .success(let answer): throw ExitError(.failure, "\(url) answers \(answer.status): \(answer.text)")
        case .failure: throw ExitError(.failure, "\(url) does not answer within \(timeout) s")
        }
    }

    private struct Answer: Sendable {
        let status: UInt
        /// `ok; bus ok, store ok`.
        let text: String
    }

    private func ask(_ url: String, _ http: HTTPClient) async throws -> Answer {
        try await within(.seconds(timeout), "the answer") {
            let response = try await http.execute(HTTPClientRequest(url: url), timeout: .seconds(60))
            let body = try await response.body.collect(upTo: 65_536)
            let json = (try? JSONValue(parsing: Data(buffer: body))) ?? .null
            let checks = json["checks"].texts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            let parts = [json["status"].string ?? "unknown", checks.joined(separator: ", ")].filter { !$0.isEmpty }
            return Answer(status: response.status.code, text: parts.joined(separator: "; "))
        }
    }

    /// Where the instance listens: an address of this machine that stands for all of them where it listens on all.
    private func address() throws -> String {
        let reader = try config.reader()
        let port = try reader.value(SettingsTable.port)
        guard port > 0 else { throw SettingsError("PORT must not be 0 for a health check: nobody else knows which one is taken") }
        let scheme = try reader.value(SettingsTable.tlsCertificateFile) == nil ? "http" : "https"
        let host =
            switch try reader.value(SettingsTable.host) {
            case "0.0.0.0": "127.0.0.1"
            case "::": "[::1]"
            case let address where address.contains(":"): "[\(address)]"
            case let name: name
            }
        return "\(scheme)://\(host):\(port)"
    }

    /// The certificate isn't checked: it is made for the name that clients know, and the way is within this machine.
    private static var clientConfiguration: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}

extension JSONValue {
    /// An object's fields that are texts.
    fileprivate var texts: [String: String] {
        guard case .object(let fields) = self else { return [:] }
        return fields.compactMapValues(\.string)
    }
}
