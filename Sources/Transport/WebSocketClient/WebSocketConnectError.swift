/// Why a WebSocket connection did not come about.
package struct WebSocketConnectError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// No TCP or TLS connection.
        case unreachable
        /// The server answered with something else than an upgrade; `response` has it.
        case refused
        /// The connection ended, or the time ran out, before an answer.
        case noAnswer
        /// The answer breaks RFC 6455 or HTTP.
        case badAnswer
    }

    /// The server's answer.
    package struct Response: Hashable, Sendable {
        package let status: Int
        /// The names in lower case.
        package let headers: [String: String]
        package let body: String
    }

    package let code: Code
    package let detail: String
    package let response: Response?

    init(_ code: Code, _ detail: String, response: Response? = nil) {
        self.code = code
        self.detail = detail
        self.response = response
    }

    package var description: String {
        "WebSocket connection failed: \(detail)"
    }
}
