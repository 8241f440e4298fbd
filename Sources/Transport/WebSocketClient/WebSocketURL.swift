/// Where a WebSocket client connects to: `ws://host:port/path?query`, or `wss` (RFC 6455, section 3); `http` and `https` mean the same.
package struct WebSocketURL: Hashable, Sendable, CustomStringConvertible {
    package let isSecure: Bool
    package let host: String
    package let port: Int
    /// Path and query.
    package let target: String

    /// Nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        let rest = text[separator.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        switch text[..<separator.lowerBound].lowercased() {
        case "ws", "http": isSecure = false
        case "wss", "https": isSecure = true
        default: return nil
        }
        guard let origin = WebOrigin(scheme: isSecure ? "https" : "http", authority: rest[..<end]) else { return nil }
        host = origin.host
        port = origin.port
        let tail = rest[end...]
        target = tail.hasPrefix("/") ? String(tail) : "/\(tail)"
    }

    /// The host without the brackets of an IPv6 address.
    var connectHost: String {
        host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }

    var authority: String {
        port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
    }

    package var description: String {
        "\(isSecure ? "wss" : "ws")://\(authority)\(target)"
    }
}
