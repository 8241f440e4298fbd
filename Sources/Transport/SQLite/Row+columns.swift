import Actors
import FoundationEssentials
import GRDB

/// Columns of our own types. A value that this program can't have written means that the file is damaged.
extension Row {
    func identifier<Entity>(_ column: Int) throws -> Identifier<Entity> {
        guard let id = try optionalIdentifier(column, of: Entity.self) else { throw Self.damaged }
        return id
    }

    func optionalIdentifier<Entity>(_ column: Int, of entity: Entity.Type = Entity.self) throws -> Identifier<Entity>? {
        guard let blob: Data = self[column] else { return nil }
        guard let id = Identifier<Entity>(blob: blob) else { throw Self.damaged }
        return id
    }

    func text(_ column: Int) throws -> String {
        guard let text = optionalText(column) else { throw Self.damaged }
        return text
    }

    func optionalText(_ column: Int) -> String? {
        StoredText.fromDatabaseValue(self[column])?.string
    }

    func integer(_ column: Int) throws -> Int64 {
        guard let value: Int64 = self[column] else { throw Self.damaged }
        return value
    }

    func boolean(_ column: Int) throws -> Bool {
        try integer(column) != 0
    }

    func timestamp(_ column: Int) throws -> Timestamp {
        Timestamp(milliseconds: try integer(column))
    }

    func optionalTimestamp(_ column: Int) throws -> Timestamp? {
        hasNull(atIndex: column) ? nil : try timestamp(column)
    }

    func conversationID(_ column: Int) throws -> ConversationID {
        guard let id = ConversationID(try text(column)) else { throw Self.damaged }
        return id
    }

    func value<Value: RawRepresentable>(_ column: Int, as type: Value.Type = Value.self) throws -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: try text(column)) else { throw Self.damaged }
        return value
    }

    static var damaged: DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT)
    }
}
