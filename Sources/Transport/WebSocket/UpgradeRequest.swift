import Actors
import NIOHTTP1

/// A request for `/ws` that may become a WebSocket connection, as far as its head can tell.
struct UpgradeRequest: Equatable {
    /// The sub-protocol that this server speaks.
    static let subprotocol = "switchboard.v1"
    private static let tokenPrefix = "bearer."

    let peer: PeerInfo
    /// Nil where the first frame is to bring it.
    let token: String?
    /// What the answer chooses of the sub-protocols offered.
    let chosenSubprotocol: String?
    /// Whether the client brings a `SYNC`: `resume=1`.
    let resumes: Bool

    /// - Parameters:
    ///   - head: a request for `/ws`.
    ///   - endpoint: both ends of the request.
    ///   - origins: the origins that a browser's page may have.
    init(_ head: HTTPRequestHead, endpoint: RequestEndpoint, origins: AllowedOrigins) throws(UpgradeRefusal) {
        let headers = head.headers
        try Self.checkHandshake(head)
        resumes = try Self.resumes(head.uri)
        let origin = headers["Origin"]
        if let first = origin.first {
            guard origin.count == 1, origins.allows(first, own: endpoint.ownOrigin) else { throw .originNotAllowed }
        }
        let offered = headers[canonicalForm: "Sec-WebSocket-Protocol"]
        chosenSubprotocol = offered.contains { $0 == Self.subprotocol } ? Self.subprotocol : nil
        token = try Self.token(in: headers, offered: offered)
        peer = PeerInfo(userAgent: headers.first(name: "User-Agent").map { String($0.prefix(256)) }, address: endpoint.clientAddress)
    }

    /// What the answer carries besides what every handshake has.
    var headers: HTTPHeaders {
        chosenSubprotocol.map { ["Sec-WebSocket-Protocol": $0] } ?? [:]
    }

    /// Whether a head is a WebSocket handshake as RFC 6455 has it, section 4.2.1.
    static func checkHandshake(_ head: HTTPRequestHead) throws(UpgradeRefusal) {
        let headers = head.headers
        guard
            head.method == .GET, head.version == .http1_1,
            headers[canonicalForm: "Upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            headers[canonicalForm: "Connection"].contains(where: { $0.lowercased() == "upgrade" })
        else { throw .notWebSocket }
        guard headers["Sec-WebSocket-Version"] == ["13"] else { throw .wrongVersion }
        let keys = headers["Sec-WebSocket-Key"]
        guard keys.count == 1, isSixteenBytesInBase64(keys[0]) else {
            throw .badRequest("Sec-WebSocket-Key must be 16 bytes in base64.")
        }
    }

    /// Reads the query; a token in it is refused, as URLs end up in logs.
    private static func resumes(_ uri: String) throws(UpgradeRefusal) -> Bool {
        guard let query = uri.firstIndex(of: "?") else { return false }
        var resumes = false
        for field in uri[uri.index(after: query)...].split(separator: "&") {
            let name = field.prefix { $0 != "=" }.lowercased()
            if name == "resume" {
                switch field.dropFirst(name.count + 1) {
                case "1": resumes = true
                case "0": resumes = false
                default: throw .badRequest("resume must be 0 or 1.")
                }
            }
            guard !["token", "access_token", "jwt", "bearer", "authorization"].contains(name) else {
                throw .badRequest("A token may not stand in the URL: send it in a header, a cookie or an AUTH frame.")
            }
        }
        return resumes
    }

    private static func token(in headers: HTTPHeaders, offered: [Substring]) throws(UpgradeRefusal) -> String? {
        if let authorization = headers.first(name: "Authorization") {
            guard let token = CarriedToken.bearer(authorization) else {
                throw UpgradeRefusal(RequestError(.unauthenticated, "The header Authorization must be: Bearer and a token."))
            }
            return token
        }
        if let token = CarriedToken.cookie(headers["Cookie"]) { return token }
        return offered.first { $0.hasPrefix(tokenPrefix) }.map { String($0.dropFirst(tokenPrefix.count)) }
    }

    private static func isSixteenBytesInBase64(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        return bytes.count == 24 && bytes[22...] == [UInt8(ascii: "="), UInt8(ascii: "=")]
            && bytes[..<22].allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
                default: false
                }
            }
    }
}
