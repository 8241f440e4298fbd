import Transport

/// Where the store is.
enum DatabaseURI: Hashable, Sendable {
    /// A database file.
    case sqlite(path: String)
    /// A connection string (https://www.mongodb.com/docs/manual/reference/connection-string/); it may hold a password.
    case mongodb(Secret)

    /// For people, without what may be a secret.
    var name: String {
        switch self {
        case .sqlite(let path): "the database \(path)"
        case .mongodb: "MongoDB"
        }
    }

    /// Reads `sqlite:PATH`, `sqlite:///PATH`, `mongodb://…` and `mongodb+srv://…`; nil for anything else.
    init?(_ text: String) {
        if text.hasPrefix("sqlite:") {
            var path = text.dropFirst("sqlite:".count)
            if path.hasPrefix("//") { path = path.dropFirst(2) }
            guard !path.isEmpty, !path.hasPrefix(":"), !path.hasSuffix("/") else { return nil }
            self = .sqlite(path: String(path))
        } else if text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://"), MongoStore.canRead(uri: text) {
            self = .mongodb(Secret(text))
        } else {
            return nil
        }
    }
}
