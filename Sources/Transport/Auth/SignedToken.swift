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
        Self.object(header) { members in
            members["alg"]?.text == "HS256" && members["kid"]?.isNull ?? true && members["crit"]?.isNull ?? true
        } ?? false
    }

    /// Nil where a claim is missing or of a wrong type.
    var claims: TokenPayload? {
        let claims = Self.object(payload) { members -> TokenPayload? in
            guard
                let sub = members["sub"]?.text, let sid = members["sid"]?.text, let role = members["role"]?.text,
                let iat = members["iat"]?.number, let exp = members["exp"]?.number
            else { return nil }
            return TokenPayload(sub: sub, sid: sid, role: role, iat: iat, exp: exp)
        }
        return claims ?? nil
    }

    /// What `read` makes of one JSON object; nil where the bytes are something else.
    private static func object<Value>(_ bytes: [UInt8], _ read: (JSONObject) -> Value) -> Value? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        return bytes.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            guard let members = try? JSONObject(&scanner), scanner.next() == nil else { return nil }
            return read(members)
        }
    }
}
