import ArgumentParser
import LocalCluster
import Transport

/// Where the servers of a measurement keep their data.
struct BenchDatabase: Sendable {
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case sqlite
        case mongodb
    }

    let kind: Kind
    let directory: TemporaryDirectory
    /// What the servers get as `DB_URI`.
    let uri: String
    private let mongo: MongoServer?

    /// An empty database: a file, or one on a MongoDB server that is started for it.
    static func start(_ kind: Kind = .sqlite) async throws -> BenchDatabase {
        let directory = try TemporaryDirectory()
        switch kind {
        case .sqlite:
            return BenchDatabase(kind: kind, directory: directory, uri: "sqlite:\(directory.path(of: "switchboard.db"))", mongo: nil)
        case .mongodb:
            let mongo = try await MongoServer.start()
            return BenchDatabase(kind: kind, directory: directory, uri: mongo.uri(database: newName()), mongo: mongo)
        }
    }

    /// Of the file; nil where the data isn't in one.
    var path: String? { kind == .sqlite ? String(uri.dropFirst("sqlite:".count)) : nil }

    /// Another empty database on the same MongoDB server; nil where the data is in a file.
    var otherURI: String? { mongo?.uri(database: Self.newName()) }

    func open() async throws -> any ClosableStore {
        switch kind {
        case .sqlite: try await SQLiteStore.open(path: path ?? "")
        case .mongodb: try await MongoStore.open(uri: uri)
        }
    }

    /// Ends the server that was started for it.
    func stop() async {
        await mongo?.stop()
    }

    private static func newName() -> String {
        "switchboard_bench_\(SystemRandomNumberGenerator.hexadecimal(bytes: 6))"
    }
}
