/// A web origin (RFC 6454): scheme, host and port, compared without regard to case and with the scheme's own port left out.
struct WebOrigin: Hashable, Sendable, CustomStringConvertible {
    let scheme: String
    /// In lower case; an IPv6 address in brackets.
    let host: String
    let port: Int

    /// Reads `scheme://host[:port]` with `http` or `https`; nil for anything else, a path included.
    init?(_ text: String) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        scheme = text[..<mark.lowerBound].lowercased()
        guard let ownPort = Self.ports[scheme] else { return nil }
        let authority = text[mark.upperBound...].lowercased()
        let hostEnd = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
        host = String(authority[..<(hostEnd ?? authority.endIndex)])
        let rest = hostEnd.map { authority[$0...] } ?? ""
        if rest.isEmpty {
            port = ownPort
        } else {
            guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
            port = Int(number)
        }
        guard Self.isHost(host) else { return nil }
    }

    var description: String {
        Self.ports[scheme] == port ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)"
    }

    private static let ports = ["http": 80, "https": 443]

    private static func isHost(_ text: String) -> Bool {
        if text.hasPrefix("[") { return text.hasSuffix("]") && AddressBlock(String(text.dropFirst().dropLast())) != nil }
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }
}
