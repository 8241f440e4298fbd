import NIOHTTP1

/// Which requests are answered by an upgrade or its refusal, and not by HTTP's routes.
struct UpgradePaths {
    /// Whom a request asks for.
    enum Target {
        /// `/ws`, however it is asked for.
        case webSocket
        /// A WebSocket of Engine.IO; its long polling shares the path and is HTTP's.
        case engineIO(EngineIOServer)
    }

    let engineIO: [EngineIOServer]

    func target(of head: HTTPRequestHead) -> Target? {
        if head.uri == "/ws" || head.uri.hasPrefix("/ws?") { return .webSocket }
        guard !engineIO.isEmpty, head.headers[canonicalForm: "Upgrade"].contains(where: { $0.lowercased() == "websocket" }) else {
            return nil
        }
        let path = head.uri.prefix { $0 != "?" }
        return engineIO.first { $0.configuration.serves(path) }.map { .engineIO($0) }
    }

    func mean(_ head: HTTPRequestHead) -> Bool {
        target(of: head) != nil
    }
}
