import Actors
import GRDB

extension SessionReads {
    init(_ reader: SnapshotReader) {
        records = ReadGroups { requests throws(StoreError) in try await reader.read { try SQLiteStore.sessionRecords(requests, $0) } }
        channels = Self.groups(reader) { try SQLiteStore.channels(of: $0, $1) }
        missed = Self.groups(reader) { try SQLiteStore.missed($0, $1) }
        updates = Self.groups(reader) { try SQLiteStore.updates($0, $1) }
        messages = Self.groups(reader, limit: 50) { try SQLiteStore.messages($0, $1) }
        contacts = Self.groups(reader) { try SQLiteStore.contacts($0, $1) }
        positions = Self.groups(reader) { try SQLiteStore.position($0, $1) }
    }

    private static func groups<Request: Sendable, Answer: Sendable>(
        _ reader: SnapshotReader,
        limit: Int = 250,
        _ body: @escaping @Sendable (Request, Database) throws -> Answer
    ) -> ReadGroups<Request, Answer> {
        ReadGroups(groupLimit: limit) { requests throws(StoreError) in
            try await reader.read { db in try requests.map { try body($0, db) } }
        }
    }
}
