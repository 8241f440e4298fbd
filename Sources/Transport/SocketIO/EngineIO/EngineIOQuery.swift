/// The part of a request's query that Engine.IO reads; the rest is the application's.
struct EngineIOQuery: Hashable {
    private(set) var version: Substring?
    private(set) var transport: Substring?
    private(set) var sid: Substring?

    /// - Parameter uri: path and query.
    init(uri: some StringProtocol) {
        guard let mark = uri.firstIndex(of: "?") else { return }
        for field in Substring(uri[uri.index(after: mark)...]).split(separator: "&") {
            let name = field.prefix { $0 != "=" }
            let value = field.dropFirst(name.count + 1)
            switch name {
            case "EIO": version = version ?? value
            case "transport": transport = transport ?? value
            case "sid": sid = sid ?? value
            default: break
            }
        }
    }
}
