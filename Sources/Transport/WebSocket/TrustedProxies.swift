#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The addresses whose `X-Forwarded-*` headers are believed.
package struct TrustedProxies: Hashable, Sendable {
    private struct Network: Hashable {
        let address: [UInt8]
        let prefixLength: Int

        func contains(_ other: [UInt8]) -> Bool {
            guard other.count == address.count else { return false }
            let whole = prefixLength / 8
            guard other[..<whole] == address[..<whole] else { return false }
            let bits = prefixLength % 8
            return bits == 0 || (other[whole] ^ address[whole]) >> UInt8(8 - bits) == 0
        }
    }

    private let networks: [Network]

    /// Trusts nobody.
    package init() {
        networks = []
    }

    /// Reads `TRUSTED_PROXIES`: addresses and networks (`10.0.0.0/8`) with commas between; nil where a part is neither.
    package init?(list: String) {
        var networks: [Network] = []
        for part in list.split(separator: ",") {
            let text = part.trimmedOfSpaces
            if text.isEmpty { continue }
            let pieces = text.split(separator: "/", omittingEmptySubsequences: false)
            guard pieces.count <= 2, let address = Self.bytes(of: pieces[0]) else { return nil }
            guard pieces.count == 2 else {
                networks.append(Network(address: address, prefixLength: address.count * 8))
                continue
            }
            guard let length = UInt8(pieces[1]), Int(length) <= address.count * 8 else { return nil }
            networks.append(Network(address: address, prefixLength: Int(length)))
        }
        self.networks = networks
    }

    package func contains(_ address: some StringProtocol) -> Bool {
        guard !networks.isEmpty, let bytes = Self.bytes(of: address) else { return false }
        return networks.contains { $0.contains(bytes) }
    }

    /// The address in network order; IPv4 that is mapped into IPv6 (RFC 4291, section 2.5.5.2) as IPv4.
    private static func bytes(of address: some StringProtocol) -> [UInt8]? {
        let text = String(address)
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : bytes
    }
}
