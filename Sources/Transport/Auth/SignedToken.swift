/// The parts of a token (RFC 7515, section 3.1), read in one pass: JWTKit's parser would decode the header three times and the claims twice.
struct SignedToken {
    /// What the signature covers.
    let signed: ArraySlice<UInt8>
    let signature: [UInt8]
    private let header: [UInt8]
    private let payload: [UInt8]

    /// Nil where it isn't three parts in base64.
    init?(_ token: [UInt8]) {
        let parts = token.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard
            parts.count == 3,
            let header = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { return nil }
        signed = token[..<parts[1].endIndex]
        self.header = header
        self.payload = payload
        self.signature = signature
    }

    /// Whether the header asks for HMAC-SHA256 and for nothing that isn't known here: no other key, no extension.
    var isHS256: Bool {
        var algorithm: String?
        var isPlain = true
        let isObject = Self.readObject(header) { name, scanner throws(JSONScanner.SyntaxError) in
            switch name {
            case "alg": algorithm = try scanner.optionalString()
            case "kid", "crit":
                if scanner.next() != UInt8(ascii: "n") { isPlain = false }
                try scanner.skipValue()
            default: try scanner.skipValue()
            }
        }
        return isObject && isPlain && algorithm == "HS256"
    }

    /// Nil where a claim is missing or of a wrong type.
    var claims: TokenPayload? {
        var texts: [String: String] = [:]
        var times: [String: Double] = [:]
        let isObject = Self.readObject(payload) { name, scanner throws(JSONScanner.SyntaxError) in
            switch name {
            case "sub", "sid", "role": texts[name] = try scanner.optionalString()
            case "iat", "exp": times[name] = try scanner.optionalNumber()
            default: try scanner.skipValue()
            }
        }
        guard
            isObject,
            let sub = texts["sub"], let sid = texts["sid"], let role = texts["role"],
            let iat = times["iat"], let exp = times["exp"]
        else { return nil }
        return TokenPayload(sub: sub, sid: sid, role: role, iat: iat, exp: exp)
    }

    /// Reads one JSON object of which `field` takes each value.
    private static func readObject(
        _ bytes: [UInt8],
        field: (String, inout JSONScanner) throws(JSONScanner.SyntaxError) -> Void
    ) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        return bytes.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            do throws(JSONScanner.SyntaxError) {
                try scanner.expect("{")
                if !scanner.take("}") {
                    repeat {
                        let name = try scanner.string()
                        try scanner.expect(":")
                        try field(name, &scanner)
                    } while scanner.take(",")
                    try scanner.expect("}")
                }
                return scanner.next() == nil
            } catch {
                return false
            }
        }
    }
}

extension JSONScanner {
    /// Passes over the next value; nil where it is no string.
    fileprivate mutating func optionalString() throws(SyntaxError) -> String? {
        if next() == UInt8(ascii: "\"") { return try string() }
        try skipValue()
        return nil
    }

    /// Passes over the next value; nil where it is no number.
    fileprivate mutating func optionalNumber() throws(SyntaxError) -> Double? {
        _ = next()
        let start = position
        try skipValue()
        return Double(text(from: start))
    }
}
