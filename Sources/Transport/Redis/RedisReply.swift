/// An answer of Redis in the second version of its protocol (RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/).
package enum RedisReply: Hashable, Sendable {
    case status(String)
    /// The error's text: its first word is the error's code.
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case array([RedisReply])
    case null

    /// The text of a status or bulk reply, ill-formed UTF-8 repaired; nil for others.
    package var text: String? {
        switch self {
        case .status(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .error, .integer, .array, .null: nil
        }
    }

    /// The first word of an error, `WRONGPASS` for instance; nil where this is no error.
    ///
    /// The rest of the text is never logged: Redis repeats arguments in some of its errors.
    package var errorCode: String? {
        guard case .error(let text) = self else { return nil }
        let word = text.prefix { $0 != " " }
        return word.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? String(word.prefix(32)) : "ERR"
    }
}
