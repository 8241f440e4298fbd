import Actors

/// Makes a MongoDB server that allows test commands fail at will: what `switchboard chaos` does to a store.
package enum MongoFailPoint {
    /// Has the server refuse commands of every client until `end`.
    ///
    /// - Parameters:
    ///   - uri: of the server, with any database.
    ///   - commands: `insert` for instance.
    ///   - errorCode: what it answers with, as the server's own codes are numbered.
    package static func begin(uri: String, commands: [String], errorCode: Int32) async throws {
        let data: BSONDocument = ["failCommands": .array(commands.map(BSONValue.string)), "errorCode": .int32(errorCode)]
        try await configure(uri, ["configureFailPoint": .string("failCommand"), "mode": .string("alwaysOn"), "data": .document(data)])
    }

    package static func end(uri: String) async throws {
        try await configure(uri, ["configureFailPoint": .string("failCommand"), "mode": .string("off")])
    }

    private static func configure(_ uri: String, _ command: BSONDocument) async throws {
        let pool = try await ClientPool.open(uri: uri, options: .init(size: 1))
        do {
            _ = try await pool.withClient { try $0.ask(command) }
            await pool.close()
        } catch {
            await pool.close()
            throw error.storeError
        }
    }
}
