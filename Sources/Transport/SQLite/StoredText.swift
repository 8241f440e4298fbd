import GRDB

/// Text that may hold anything. SQLite's text functions and GRDB end it at a NUL, so a string with one is stored as a blob of its UTF-8;
/// any other stays text, to be read with SQLite's own tools. Columns for it have no type, so that nothing is converted.
struct StoredText: DatabaseValueConvertible {
    let string: String

    init(_ string: String) {
        self.string = string
    }

    var databaseValue: DatabaseValue {
        string.utf8.contains(0) ? string.utf8Blob.databaseValue : string.databaseValue
    }

    static func fromDatabaseValue(_ value: DatabaseValue) -> StoredText? {
        String.fromDatabaseValue(value).map(StoredText.init)
    }
}
