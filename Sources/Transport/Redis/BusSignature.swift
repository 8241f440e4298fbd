import COpenSSL

/// Signs what goes over the bus with HMAC-SHA256 (RFC 2104) under a secret that all instances share.
///
/// The signature is the last member of the JSON object, `,"sig":"<64 hexadecimal digits>"}`, and covers every byte before that.
package struct BusSignature: Sendable {
    private static let prefix = Array(#","sig":""#.utf8)
    private static let suffix = Array(#""}"#.utf8)
    private static let hexCount = 64
    private static let memberCount = prefix.count + hexCount + suffix.count

    private let key: [UInt8]

    package init(secret: String) {
        key = Array(secret.utf8)
    }

    /// The JSON object with its signature.
    ///
    /// - Parameter object: ends with its closing brace and has at least one member.
    package func signed(_ object: [UInt8]) -> [UInt8] {
        let covered = object.dropLast()
        var signed = Array(covered)
        signed.reserveCapacity(object.count + Self.memberCount)
        signed += Self.prefix
        signed += digest(of: covered)
        signed += Self.suffix
        return signed
    }

    /// Refuses what isn't signed under this secret.
    package func verify(_ object: [UInt8]) throws(BusRejection) {
        let member = object.suffix(Self.memberCount)
        let given = member.dropFirst(Self.prefix.count).prefix(Self.hexCount)
        guard
            member.count == Self.memberCount,
            member.starts(with: Self.prefix),
            member.suffix(Self.suffix.count).elementsEqual(Self.suffix)
        else { throw .unsigned }
        let expected = digest(of: object.dropLast(Self.memberCount))
        let isEqual = expected.withUnsafeBytes { expected in
            given.withUnsafeBytes { given in
                // Takes the same time wherever the two differ.
                expected.count == given.count && CRYPTO_memcmp(expected.baseAddress, given.baseAddress, given.count) == 0
            }
        }
        guard isEqual else { throw .badSignature }
    }

    /// 64 lower-case hexadecimal digits; empty, and so equal to no signature, should libcrypto fail.
    private func digest(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let made = key.withUnsafeBytes { key in
            bytes.withUnsafeBufferPointer { bytes in
                HMAC(EVP_sha256(), key.baseAddress, CInt(key.count), bytes.baseAddress, bytes.count, &digest, &count)
            }
        }
        guard made != nil else { return [] }
        return digest.prefix(Int(count)).flatMap { [Self.hexDigit($0 >> 4), Self.hexDigit($0 & 0xF)] }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
