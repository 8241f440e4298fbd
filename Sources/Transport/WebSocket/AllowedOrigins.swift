/// Which web origins may use a session from a browser: for the WebSocket upgrade, for CORS, and for requests that carry the cookie.
package struct AllowedOrigins: Hashable, Sendable {
    private let listed: Set<WebOrigin>
    private let isDevelopment: Bool

    /// - Parameters:
    ///   - listed: `ALLOWED_ORIGINS`.
    ///   - isDevelopment: true where every port of `http://localhost` and `http://127.0.0.1` is allowed.
    package init(listed: Set<WebOrigin> = [], isDevelopment: Bool = false) {
        self.listed = listed
        self.isDevelopment = isDevelopment
    }

    /// Reads a list with commas; nil where a part is not an origin.
    package init?(list: String, isDevelopment: Bool) {
        var listed: Set<WebOrigin> = []
        for part in list.split(separator: ",") {
            let text = part.trimmedOfSpaces
            if text.isEmpty { continue }
            guard let origin = WebOrigin(text) else { return nil }
            listed.insert(origin)
        }
        self.init(listed: listed, isDevelopment: isDevelopment)
    }

    /// Whether a request may be answered for the page that made it.
    ///
    /// - Parameters:
    ///   - origin: the request's `Origin`.
    ///   - own: where the request was sent to, as the client sees it.
    package func allows(_ origin: some StringProtocol, own: WebOrigin?) -> Bool {
        guard let origin = WebOrigin(origin) else { return false }
        if origin == own || listed.contains(origin) { return true }
        return isDevelopment && origin.scheme == "http" && (origin.host == "localhost" || origin.host == "127.0.0.1")
    }
}

extension StringProtocol {
    /// Without the spaces and tabs around it.
    var trimmedOfSpaces: SubSequence {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[first...last]
    }
}
