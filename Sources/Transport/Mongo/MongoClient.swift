import Actors
import CMongoC
import Synchronization

/// A client of the pool for the time of one operation. All its calls block.
struct MongoClient {
    private let client: OpaquePointer
    private let database: String

    private let counter: CommandCounter

    init(borrowing client: OpaquePointer, database: String, counter: CommandCounter) {
        self.client = client
        self.database = database
        self.counter = counter
    }

    /// Every write is safe on a majority's disks before it is answered. The server gives up waiting before the socket does.
    private static let writeOptions: BSONDocument = [
        "writeConcern": .document(["w": .string("majority"), "j": .bool(true), "wtimeout": .int32(4_000)])
    ]

    /// Reads documents.
    ///
    /// - Parameter options: `sort`, `limit`, `projection`, `collation`.
    func find(_ collection: String, _ filter: BSONDocument, _ options: BSONDocument = [:]) throws -> [BSONDocument] {
        counter.add()
        return try withCollection(collection) { collection in
            try filter.withPointer { filter in
                try options.withPointer { options in
                    try documents(of: mongoc_collection_find_with_opts(collection, filter, options, nil))
                }
            }
        }
    }

    func aggregate(_ collection: String, _ stages: [BSONDocument]) throws -> [BSONDocument] {
        counter.add()
        let pipeline: BSONDocument = ["pipeline": .array(stages.map(BSONValue.document))]
        return try withCollection(collection) { collection in
            try pipeline.withPointer { pipeline in
                try documents(of: mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE, pipeline, nil, nil))
            }
        }
    }

    /// Runs a command about the server itself on the primary. Without a read concern, which such commands refuse.
    func ask(_ command: BSONDocument) throws -> BSONDocument {
        try run(command) { command, reply, error in
            mongoc_client_command_simple(client, database, command, nil, reply, &error)
        }
    }

    /// The primary's clock.
    func serverTime() throws -> Timestamp {
        try ask(["hello": .int32(1)]).time("localTime")
    }

    /// Runs a command that writes; an error of one of its statements is thrown too.
    func write(_ command: BSONDocument) throws -> BSONDocument {
        let reply = try Self.writeOptions.withPointer { options in
            try run(command) { command, reply, error in
                mongoc_client_write_command_with_opts(client, database, command, options, reply, &error)
            }
        }
        if let error = try reply.documents("writeErrors").first {
            let failure = try MongoFailure(writeError: error)
            throw failure
        }
        return reply
    }

    /// Runs update statements, each whatever becomes of the others.
    ///
    /// - Returns: what those failed with that did, by their place.
    func update(_ collection: String, _ statements: [BSONDocument]) throws -> [Int: MongoFailure] {
        guard !statements.isEmpty else { return [:] }
        let command: BSONDocument = [
            "update": .string(collection), "updates": .array(statements.map(BSONValue.document)), "ordered": .bool(false),
        ]
        let reply = try Self.writeOptions.withPointer { options in
            try run(command) { command, reply, error in
                mongoc_client_write_command_with_opts(client, database, command, options, reply, &error)
            }
        }
        var failures: [Int: MongoFailure] = [:]
        for error in try reply.documents("writeErrors") {
            let index = Int(try error.integer("index"))
            guard statements.indices.contains(index) else { throw BSONDocument.damaged("index") }
            failures[index] = try MongoFailure(writeError: error)
        }
        return failures
    }

    /// Inserts documents in their order, as far as it goes.
    ///
    /// - Returns: how many of them were inserted, and what stopped it.
    func insert(_ documents: [BSONDocument], into collection: String) throws -> InsertReply {
        var options = Self.writeOptions
        options.append("ordered", .bool(true))
        // What the encoder writes is well formed.
        options.append("validate", .bool(false))
        let pointers = documents.map { Optional($0.copiedPointer()) }
        defer { for pointer in pointers { bson_destroy(pointer) } }
        counter.add()
        return try withCollection(collection) { collection in
            try options.withPointer { options in
                let reply = ReplyBuffer()
                var error = bson_error_t()
                var arguments = pointers
                let succeeded = mongoc_collection_insert_many(collection, &arguments, arguments.count, options, reply.pointer, &error)
                return try InsertReply(reply.take(), failure: succeeded ? nil : MongoFailure(driver: error))
            }
        }
    }

    private func run(
        _ command: BSONDocument,
        _ call: (_ command: OpaquePointer, _ reply: OpaquePointer, _ error: inout bson_error_t) -> Bool
    ) throws -> BSONDocument {
        counter.add()
        return try command.withPointer { command in
            let reply = ReplyBuffer()
            var error = bson_error_t()
            let succeeded = call(command, reply.pointer, &error)
            let document = reply.take()
            guard succeeded else { throw MongoFailure(driver: error, reply: document) }
            return document
        }
    }

    private func documents(of cursor: OpaquePointer?) throws -> [BSONDocument] {
        defer { mongoc_cursor_destroy(cursor) }
        var found: [BSONDocument] = []
        var next: OpaquePointer?
        while mongoc_cursor_next(cursor, &next) {
            guard let document = next.flatMap(BSONDocument.init(copying:)) else { throw BSONDocument.damaged("(all)") }
            found.append(document)
        }
        var error = bson_error_t()
        if mongoc_cursor_error(cursor, &error) { throw MongoFailure(driver: error) }
        return found
    }

    private func withCollection<Value>(_ name: String, _ body: (OpaquePointer?) throws -> Value) throws -> Value {
        let collection = mongoc_client_get_collection(client, database, name)
        defer { mongoc_collection_destroy(collection) }
        return try body(collection)
    }
}

/// How many commands a pool's clients have given.
final class CommandCounter: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .relaxed) }

    func add() {
        value.add(1, ordering: .relaxed)
    }
}

/// What an ordered insert came to.
struct InsertReply: Hashable, Sendable {
    /// So many of the first documents are stored; only to be relied on where the failure is a server's word on one document.
    let insertedCount: Int
    /// Nil where all are stored, and durable.
    let failure: MongoFailure?
    /// Whether the failure is the server's word on the document at `insertedCount`, so that those before it are stored and durable.
    let isOfOneDocument: Bool

    init(insertedCount: Int, failure: MongoFailure?, isOfOneDocument: Bool = false) {
        self.insertedCount = insertedCount
        self.failure = failure
        self.isOfOneDocument = isOfOneDocument
    }

    fileprivate init(_ reply: BSONDocument, failure: MongoFailure?) throws {
        let count = Int(try reply.optionalInteger("insertedCount") ?? 0)
        if let concern = try reply.documents("writeConcernErrors").first {
            let code = try concern.optionalInteger("code") ?? 0
            self.init(insertedCount: count, failure: MongoFailure(.notYetDurable, "write concern error \(code)"))
        } else if let error = try reply.documents("writeErrors").first {
            self.init(insertedCount: count, failure: try MongoFailure(writeError: error), isOfOneDocument: true)
        } else {
            self.init(insertedCount: count, failure: failure)
        }
    }
}

/// Room for a reply that the driver fills in. (`bson_t` is aligned to 128 bytes, which Swift can't express: it sees opaque pointers.)
private struct ReplyBuffer: ~Copyable {
    private let memory = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)

    init() {
        bson_init(OpaquePointer(memory))
    }

    deinit {
        bson_destroy(OpaquePointer(memory))
        memory.deallocate()
    }

    var pointer: OpaquePointer { OpaquePointer(memory) }

    /// The reply; empty where the driver gave none.
    func take() -> BSONDocument {
        BSONDocument(copying: pointer) ?? [:]
    }
}

extension BSONDocument {
    /// Copies a document of the driver's; nil where its frame is not whole.
    fileprivate init?(copying pointer: OpaquePointer) {
        guard let data = bson_get_data(pointer) else { return nil }
        // The driver keeps the length of every `bson_t` in the first four bytes of its data.
        let start = UnsafeRawPointer(data)
        let length = Int(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
        self.init(checking: Array(UnsafeRawBufferPointer(start: start, count: length)))
    }

    /// A copy that the driver can read; the caller destroys it.
    fileprivate func copiedPointer() -> OpaquePointer {
        guard let pointer = bson_new_from_data(bytes, bytes.count) else {
            preconditionFailure("the encoder writes the length that a document has")
        }
        return pointer
    }

    fileprivate func withPointer<Value>(_ body: (OpaquePointer) throws -> Value) throws -> Value {
        let pointer = copiedPointer()
        defer { bson_destroy(pointer) }
        return try body(pointer)
    }
}

extension MongoFailure {
    /// An element of a reply's `writeErrors`.
    fileprivate init(writeError: BSONDocument) throws {
        self.init(
            serverCode: try writeError.optionalInteger("code") ?? 0,
            message: try writeError.optionalText("errmsg") ?? "",
            index: try writeError.optionalDocument("keyPattern").flatMap(MongoIndex.init(keyPattern:))
        )
    }

    /// What the driver reports (error API 2: a server's code comes as it is, in a domain of its own).
    fileprivate init(driver error: bson_error_t, reply: BSONDocument = [:]) {
        let message = withUnsafeBytes(of: error.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        switch mongoc_error_domain_t(error.domain) {
        case MONGOC_ERROR_SERVER_SELECTION:
            self.init(.unreachable, message)
        case MONGOC_ERROR_STREAM:
            self.init(.unknownOutcome, message)
        case MONGOC_ERROR_WRITE_CONCERN:
            self.init(.notYetDurable, "write concern error \(error.code)")
        case MONGOC_ERROR_SERVER:
            let index = (try? reply.optionalDocument("keyPattern")).flatMap { $0 }.flatMap(MongoIndex.init(keyPattern:))
            self.init(serverCode: Int64(error.code), message: message, index: index)
        case MONGOC_ERROR_CLIENT where error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE.rawValue:
            self.init(.unreachable, "the server refuses user name or password")
        default:
            self.init(.other, "driver error \(error.domain)/\(error.code): \(Self.withoutValues(message))")
        }
    }
}
