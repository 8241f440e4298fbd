import Actors
import LocalCluster

@testable import Transport

/// The driver without the store's rules: sets fail points, and looks at what is really there.
struct MongoBackdoor: Sendable {
    private let pool: ClientPool

    static func with<Value>(_ uri: String, _ body: (MongoBackdoor) async throws -> Value) async throws -> Value {
        let pool = try await ClientPool.open(uri: uri, options: .init(size: 1))
        return try await doing {
            try await body(MongoBackdoor(pool: pool))
        } finally: {
            await pool.close()
        }
    }

    func find(_ collection: String, _ filter: BSONDocument = [:]) async throws -> [BSONDocument] {
        try await pool.withClient { try $0.find(collection, filter) }
    }

    func insert(_ document: BSONDocument, into collection: String) async throws {
        let reply = try await pool.withClient { try $0.insert([document], into: collection) }
        if let failure = reply.failure { throw failure }
    }

    /// Makes commands of every client fail, of a backdoor to the database `admin`.
    ///
    /// - Parameter times: nil for ever.
    func fail(_ commands: [String], times: Int?, _ how: (String, BSONValue)) async throws {
        let data = BSONDocument(dictionaryLiteral: ("failCommands", .array(commands.map(BSONValue.string))), how)
        let mode: BSONValue = times.map { .document(["times": .int32(Int32($0))]) } ?? .string("alwaysOn")
        try await configure(["configureFailPoint": .string("failCommand"), "mode": mode, "data": .document(data)])
    }

    func failNoMore() async throws {
        try await configure(["configureFailPoint": .string("failCommand"), "mode": .string("off")])
    }

    private func configure(_ command: BSONDocument) async throws {
        _ = try await pool.withClient { try $0.ask(command) }
    }
}
