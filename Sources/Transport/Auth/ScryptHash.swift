import FoundationEssentials

/// A password's hash in PHC string form (https://github.com/P-H-C/phc-string-format):
/// `$scrypt$ln=17,r=8,p=1$<salt>$<key>`, in Base64 without padding.
struct ScryptHash: Hashable, Sendable, CustomStringConvertible {
    let cost: Scrypt.Cost
    let salt: [UInt8]
    let key: [UInt8]

    init(cost: Scrypt.Cost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    /// Reads the text form; nil for anything else, for costs out of bounds, and for a salt or key of unusual length.
    init?(_ text: String) {
        guard text.utf8.count <= 512 else { return nil }
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard
            parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let cost = Self.cost(parts[2]),
            let salt = Self.bytes(parts[3]), (8...64).contains(salt.count),
            let key = Self.bytes(parts[4]), (16...64).contains(key.count)
        else { return nil }
        self.init(cost: cost, salt: salt, key: key)
    }

    var description: String {
        "$scrypt$ln=\(cost.log2N),r=\(cost.blockSize),p=\(cost.parallelism)$\(Self.text(salt))$\(Self.text(key))"
    }

    private static func cost(_ text: Substring) -> Scrypt.Cost? {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard
            fields.count == 3,
            let log2N = number(fields[0], named: "ln"),
            let blockSize = number(fields[1], named: "r"),
            let parallelism = number(fields[2], named: "p")
        else { return nil }
        return Scrypt.Cost(log2N: log2N, blockSize: blockSize, parallelism: parallelism)
    }

    private static func number(_ field: Substring, named name: String) -> Int? {
        guard field.hasPrefix(name + "=") else { return nil }
        let digits = field.dropFirst(name.utf8.count + 1)
        guard (1...4).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(digits)
    }

    private static func text(_ bytes: [UInt8]) -> String {
        let padded = Data(bytes).base64EncodedString()
        return String(padded.prefix { $0 != "=" })
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard !text.contains("=") else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { Array($0) }
    }
}
