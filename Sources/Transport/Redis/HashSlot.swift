/// One of the parts into which a Redis Cluster divides its keys and its sharded channels
/// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
package struct HashSlot: Hashable, Sendable {
    package static let count = 16_384

    /// From 0 up to `count`.
    package let number: Int

    /// Nil for a number that no slot has.
    package init?(_ number: Int) {
        guard (0..<Self.count).contains(number) else { return nil }
        self.number = number
    }

    /// The slot of a key or a channel: by what stands in its first pair of braces where that isn't empty, else by all of it.
    package init(of key: some Collection<UInt8>) {
        number = Int(Self.checksum(of: Self.tag(in: key)) % UInt16(Self.count))
    }

    package init(of channel: String) {
        self.init(of: channel.utf8)
    }

    private static func tag<Key: Collection<UInt8>>(in key: Key) -> Key.SubSequence {
        guard let opening = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
        let rest = key[key.index(after: opening)...]
        guard let closing = rest.firstIndex(of: UInt8(ascii: "}")), closing != rest.startIndex else { return key[...] }
        return rest[..<closing]
    }

    /// CRC-16/XMODEM.
    package static func checksum(of bytes: some Sequence<UInt8>) -> UInt16 {
        bytes.reduce(0) { checksum, byte in checksum << 8 ^ table[Int(UInt8(checksum >> 8) ^ byte)] }
    }

    private static let table: [UInt16] = (0..<256).map { index in
        (0..<8).reduce(UInt16(index) << 8) { value, _ in value & 0x8000 == 0 ? value << 1 : value << 1 ^ 0x1021 }
    }
}
