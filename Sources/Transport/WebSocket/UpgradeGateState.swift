import NIOHTTP1

/// Where a connection stands between its first byte and WebSocket: what to do with each part of a request and of a response.
///
/// Any request of a connection may ask for `/ws`, not only the first: proxies reuse their connections to a server.
struct UpgradeGateState {
    private enum State {
        /// Nothing is decided; no HTTP handlers are there yet.
        case new
        /// Requests go to the HTTP handlers; so many are not answered yet.
        case http(unanswered: Int)
        /// A request for `/ws` whose end, or whose turn, has not come.
        case upgradeRequested(HTTPRequestHead, unanswered: Int, isWhole: Bool)
        case deciding
        case upgraded
        /// The connection's last answer is given: what still comes is dropped.
        case ending
    }

    enum RequestAction {
        /// Add the HTTP handlers, then pass the part on.
        case beginHTTP
        case pass
        case judge(HTTPRequestHead)
        case ignore
    }

    private let paths: UpgradePaths
    private var state: State = .new
    /// The decoder reads nothing after a request that asks for another protocol.
    private var hasDecoderStopped = false
    /// The response that is being written says that it is the last.
    private var saysClose = false

    init(paths: UpgradePaths) {
        self.paths = paths
    }

    /// Whether the response that is being written is the connection's last.
    var isLastResponse: Bool {
        if case .http(unanswered: 1) = state, hasDecoderStopped { true } else { saysClose }
    }

    /// Whether bytes are WebSocket's by now.
    var isUpgraded: Bool {
        if case .upgraded = state { true } else { false }
    }

    /// Whether the client has not got as far as a request.
    var isNew: Bool {
        if case .new = state { true } else { false }
    }

    /// Whether an answer to an upgrade is due, and nothing else before it.
    var isDeciding: Bool {
        switch state {
        case .deciding, .upgradeRequested(_, unanswered: 0, _): true
        case .new, .http, .upgradeRequested, .upgraded, .ending: false
        }
    }

    /// Whether the connection's last answer is given.
    var isEnding: Bool {
        if case .ending = state { true } else { false }
    }

    mutating func received(_ part: HTTPServerRequestPart) -> RequestAction {
        switch (state, part) {
        case (.new, .head(let head)):
            if paths.mean(head) {
                state = .upgradeRequested(head, unanswered: 0, isWhole: false)
                return .ignore
            }
            hasDecoderStopped = Self.stopsDecoder(head)
            state = .http(unanswered: 1)
            return .beginHTTP
        case (.http(let unanswered), .head(let head)):
            if paths.mean(head) {
                state = .upgradeRequested(head, unanswered: unanswered, isWhole: false)
                return .ignore
            }
            hasDecoderStopped = Self.stopsDecoder(head)
            state = .http(unanswered: unanswered + 1)
            return .pass
        case (.http, _):
            return .pass
        case (.upgradeRequested(let head, let unanswered, false), .end):
            state = .upgradeRequested(head, unanswered: unanswered, isWhole: true)
            return judgeIfItsTurn()
        case (.upgradeRequested, .body), (.new, _), (.deciding, _), (.upgraded, _), (.ending, _), (.upgradeRequested, _):
            // A body before its end is dropped; what comes after a request for another protocol is not decoded.
            return .ignore
        }
    }

    /// A response's head is about to be written.
    mutating func responding(_ head: HTTPResponseHead) {
        saysClose = head.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "close" }
    }

    /// A response has been written to its end.
    mutating func responded() -> RequestAction {
        if isLastResponse { state = .ending }
        switch state {
        case .http(let unanswered):
            state = .http(unanswered: unanswered - 1)
            return .ignore
        case .upgradeRequested(let head, let unanswered, let isWhole):
            state = .upgradeRequested(head, unanswered: unanswered - 1, isWhole: isWhole)
            return isWhole ? judgeIfItsTurn() : .ignore
        case .new, .deciding, .upgraded, .ending:
            return .ignore
        }
    }

    mutating func upgraded() {
        state = .upgraded
    }

    mutating func refused() {
        state = .ending
    }

    private mutating func judgeIfItsTurn() -> RequestAction {
        guard case .upgradeRequested(let head, 0, true) = state else { return .ignore }
        state = .deciding
        return .judge(head)
    }

    private static func stopsDecoder(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "Upgrade") && head.headers[canonicalForm: "Connection"].contains { $0.lowercased() == "upgrade" }
    }
}
