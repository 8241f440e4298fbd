import Actors
import TestSupport
import Testing
import Transport

/// The stores that the contract is run on.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case memory
    case sqlite
    case mongodb

    var testDescription: String { rawValue }

    /// Two ways to the same empty data, as two instances have them, for the time of `body`.
    func withPair(_ body: (any Store, any Store) async throws -> Void) async throws {
        switch self {
        case .memory:
            let store = InMemoryStore()
            try await body(store, store)
        case .sqlite:
            try await StoreDirectory.with { directory in
                let path = directory.path("store.db")
                let one = try await SQLiteStore.open(path: path)
                let other = try await SQLiteStore.open(path: path)
                try await body(one, other)
                await one.close()
                await other.close()
            }
        case .mongodb:
            try await SharedMongoServer.turns.take {
                let uri = try await SharedMongoServer.common.uri()
                let one = try await MongoStore.openForTest(uri)
                let other = try await MongoStore.openForTest(uri)
                try await body(one, other)
                await one.close()
                await other.close()
            }
        }
    }

    func withStore(_ body: (any Store) async throws -> Void) async throws {
        try await withPair { store, _ in try await body(store) }
    }
}
