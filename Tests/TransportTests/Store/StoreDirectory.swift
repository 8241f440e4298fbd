import FoundationEssentials

/// A directory of a test's own, removed when it ends.
struct StoreDirectory {
    private let url: URL

    static func with<Value>(_ body: (StoreDirectory) async throws -> Value) async throws -> Value {
        let url = FileManager.default.temporaryDirectory.appending(path: "switchboard-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(StoreDirectory(url: url))
    }

    func path(_ name: String) -> String {
        url.appending(path: name).path(percentEncoded: false)
    }

    func read(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: url.appending(path: name)))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: url.appending(path: name))
    }

    func copy(_ name: String, to copy: String) throws {
        try FileManager.default.copyItem(at: url.appending(path: name), to: url.appending(path: copy))
    }
}
