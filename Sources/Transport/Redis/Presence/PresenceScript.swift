import COpenSSL

/// A script that Redis runs as one step. It is called by the digest of its text; Redis keeps scripts until it is told to flush them.
struct PresenceScript: Sendable {
    let text: String
    private let digest: String

    /// - Parameter parts: the text, in pieces that begin with a new line.
    init(_ parts: String...) {
        text = parts.joined(separator: "\n")
        digest = Self.digest(of: text)
    }

    func call(_ keys: [String], _ arguments: [String]) -> PresenceCall {
        PresenceCall(script: self, keys: keys, arguments: arguments)
    }

    fileprivate func command(_ name: String, _ body: String, _ keys: [String], _ arguments: [String]) -> RedisCommand {
        RedisCommand(([name, body, String(keys.count)] + keys + arguments).map { Array($0.utf8) })
    }

    fileprivate var digestText: String { digest }

    /// SHA-1, by which Redis names scripts.
    private static func digest(of text: String) -> String {
        let bytes = Array(text.utf8)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: CUnsignedInt = 0
        EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha1(), nil)
        return digest.prefix(Int(count)).hexadecimal
    }
}

/// A script with what it is called with, or a plain command.
struct PresenceCall: Sendable {
    /// Called by digest.
    let command: RedisCommand
    /// With the script's text, for a Redis that doesn't know it; nil for a plain command.
    let fallback: RedisCommand?

    init(script: PresenceScript, keys: [String], arguments: [String]) {
        command = script.command("EVALSHA", script.digestText, keys, arguments)
        fallback = script.command("EVAL", script.text, keys, arguments)
    }

    init(_ name: String, _ arguments: [String]) {
        command = RedisCommand(([name] + arguments).map { Array($0.utf8) })
        fallback = nil
    }
}
