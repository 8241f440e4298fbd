/// A web origin (RFC 6454): scheme, host and port.
package struct WebOrigin: Hashable, Sendable {
    /// In lower case.
    package let scheme: String
    /// In lower case; an IPv6 address in brackets.
    package let host: String
    package let port: Int

    /// Reads `https://chat.example.com` or `http://localhost:3000`; nil for anything else, `null` included.
    package init?(_ text: some StringProtocol) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        self.init(scheme: text[..<separator.lowerBound], authority: text[separator.upperBound...])
    }

    /// - Parameters:
    ///   - scheme: `http` or `https`.
    ///   - authority: a host with or without a port, as the header `Host` has it.
    package init?(scheme: some StringProtocol, authority: some StringProtocol) {
        let scheme = scheme.lowercased()
        let authority = authority.lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        // A colon inside brackets belongs to an IPv6 address.
        let hostEnd = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
        let host = authority[..<(hostEnd ?? authority.endIndex)]
        let rest = authority[host.endIndex...]
        guard !host.isEmpty, host.utf8.allSatisfy(Self.isHostByte) else { return nil }
        if rest.isEmpty {
            port = scheme == "https" ? 443 : 80
        } else {
            guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()) else { return nil }
            port = Int(number)
        }
        self.scheme = scheme
        self.host = String(host)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"): true
        default: false
        }
    }
}
