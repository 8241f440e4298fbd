import Glibc

/// A block of IPv4 or IPv6 addresses in CIDR notation (RFC 4632, RFC 4291), or a single address.
struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    private let network: [UInt8]
    private let prefixLength: Int
    let description: String

    /// Reads `10.0.0.0/8`, `fd00::/8` or an address alone; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = Self.bytes(of: String(parts[0])) else { return nil }
        var prefixLength = address.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let length = Int(parts[1]),
                length <= prefixLength
            else { return nil }
            prefixLength = length
        }
        network = address
        self.prefixLength = prefixLength
        description = text
    }

    /// Whether the block holds the address; an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is that IPv4 address.
    func contains(_ address: String) -> Bool {
        guard var bytes = Self.bytes(of: address) else { return false }
        let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        if network.count == 4, bytes.count == 16, bytes.starts(with: mappedPrefix) { bytes.removeFirst(12) }
        guard bytes.count == network.count else { return false }
        let whole = prefixLength / 8
        guard bytes[..<whole] == network[..<whole] else { return false }
        let rest = prefixLength % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> rest)
        return bytes[whole] & mask == network[whole] & mask
    }

    private static func bytes(of address: String) -> [UInt8]? {
        for (family, length) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: length)
            if inet_pton(family, address, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
