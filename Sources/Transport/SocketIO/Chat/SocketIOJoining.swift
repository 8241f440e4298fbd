import Actors
import NIOCore

/// What a client brings with CONNECT.
struct SocketIOJoining: Hashable, Sendable {
    private static let maxTokenBytes = 8_192
    private static let maxOffsetBytes = 32_768

    /// Nil where there is none, in the payload or in the request that opened the connection.
    let token: String?
    /// Where the client stands, and the id by which it knows its last socket; nil where it begins anew.
    let recovery: Recovery?

    struct Recovery: Hashable, Sendable {
        let id: String
        let offset: SyncOffset
    }

    /// - Parameter payload: a JSON object, or empty.
    init(_ payload: ByteBuffer, handshake: EngineIOHandshake) {
        var texts: [String: String] = [:]
        payload.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            // It is known to be JSON; where it isn't, nothing more is read.
            try? Self.read(&scanner, into: &texts)
        }
        let given = texts["token"].map { Self.withoutScheme($0) }
        token = given ?? handshake.token
        guard let id = texts["pid"], (1...64).contains(id.utf8.count), let offset = texts["offset"].flatMap({ SyncOffset($0) }) else {
            recovery = nil
            return
        }
        recovery = Recovery(id: id, offset: offset)
    }

    private static func read(_ scanner: inout JSONScanner, into texts: inout [String: String]) throws(JSONScanner.SyntaxError) {
        guard scanner.take("{"), !scanner.take("}") else { return }
        repeat {
            let name = try scanner.string()
            try scanner.expect(":")
            guard ["token", "pid", "offset"].contains(name), scanner.next() == UInt8(ascii: "\"") else {
                try scanner.skipValue()
                continue
            }
            let text = try scanner.string()
            if text.utf8.count <= (name == "offset" ? maxOffsetBytes : maxTokenBytes) { texts[name] = text }
        } while scanner.take(",")
    }

    /// Many clients write a token as the header has it.
    private static func withoutScheme(_ token: String) -> String {
        token.lowercased().hasPrefix("bearer ") ? String(token.dropFirst(7).trimmedOfSpaces) : token
    }
}
