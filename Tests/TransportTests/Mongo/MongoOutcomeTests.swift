import Actors
import LocalCluster
import TestSupport
import Testing

@testable import Transport

@Suite(
    "Of a write whose outcome is unknown, nothing is stored twice and nothing is acknowledged that is not there",
    .serialized,
    .timeLimit(.minutes(3))
)
struct MongoOutcomeTests {
    let fixture = Fixture()
    let alice: User
    let conversation: ConversationID

    init() {
        alice = fixture.user()
        conversation = .direct(UserPair(alice.userID, fixture.id()))
    }

    /// How a command fails, and how often in a row.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let commands: [String]
        let times: Int
        let how: (String, BSONValue)
        /// A fail point changes no topology, so that the driver hears of the primary by its next look only.
        var options = "heartbeatFrequencyMS=500"
    }

    static let troubles = [
        Trouble(
            testDescription: "stored, durability not known",
            commands: ["insert"],
            times: 1,
            how: ("writeConcernError", .document(["code": .int32(64), "errmsg": .string("waiting for replication timed out")]))
        ),
        Trouble(
            testDescription: "connection closed, the driver doesn't repeat",
            commands: ["insert"],
            times: 1,
            how: ("closeConnection", .bool(true)),
            options: "heartbeatFrequencyMS=500&retryWrites=false"
        ),
        Trouble(testDescription: "connection closed five times", commands: ["insert"], times: 5, how: ("closeConnection", .bool(true))),
        Trouble(testDescription: "no primary for the insert", commands: ["insert"], times: 4, how: ("errorCode", .int32(10_107))),
        Trouble(testDescription: "stepping down in the insert", commands: ["insert"], times: 4, how: ("errorCode", .int32(189))),
        Trouble(testDescription: "no primary for the raise", commands: ["update"], times: 4, how: ("errorCode", .int32(10_107))),
        Trouble(testDescription: "connection closed in the raise", commands: ["update"], times: 4, how: ("closeConnection", .bool(true))),
        Trouble(
            testDescription: "everything fails for a while",
            commands: ["insert", "update", "find"],
            times: 6,
            how: ("closeConnection", .bool(true))
        ),
    ]

    @Test(arguments: troubles)
    func `an append survives it`(trouble: Trouble) async throws {
        let uri = try await SharedMongoServer.failing.uri(options: trouble.options)
        try await withFailPoints { failPoints in
            try await MongoStore.with(uri) { store in
                let first = fixture.draft(from: alice)
                _ = try await store.append([first], to: conversation)
                let drafts = [fixture.draft(from: alice), fixture.draft(from: alice)]
                try await failPoints.fail(trouble.commands, times: trouble.times, trouble.how)
                let outcomes = try await store.append(drafts, to: conversation)
                try await failPoints.failNoMore()
                let expected = ([first] + drafts).enumerated().map { $1.message(in: conversation, seq: Int64($0 + 1)) }
                #expect(outcomes == expected.dropFirst().map(AppendOutcome.stored))
                try await expectStored(expected, at: uri)
            }
        }
    }

    @Test(arguments: ["", "&retryWrites=false"])
    func `an answer that is lost after the commit leads to one message`(options: String) async throws {
        let server = try await SharedMongoServer.failing.server
        let cutter = try await ReplyCutter.start(to: server.port)
        let database = SharedMongoServer.newDatabase()
        let uri = "mongodb://127.0.0.1:\(cutter.port)/\(database)?directConnection=true\(options)"
        try await MongoStore.with(uri) { store in
            let drafts = (0..<3).map { _ in fixture.draft(from: alice) }
            cutter.cut("insert", of: "messages", times: 3)
            let outcomes = try await store.append(drafts, to: conversation)
            let expected = drafts.enumerated().map { $1.message(in: conversation, seq: Int64($0 + 1)) }
            #expect(outcomes == expected.map(AppendOutcome.stored))
            #expect(cutter.cuts > 0)
            try await expectStored(expected, at: server.uri(database: database))

            let before = cutter.cuts
            cutter.cut("insert", of: "users")
            try await store.createUser(alice, passwordHash: "hash")
            #expect(cutter.cuts == before + 1)
            #expect(try await store.user(alice.userID) == alice)
        }
        await cutter.stop()
    }

    @Test
    func `what stays impossible fails, stores nothing and is raised later where it was stored`() async throws {
        let uri = try await SharedMongoServer.failing.uri(options: "heartbeatFrequencyMS=500")
        try await withFailPoints { failPoints in
            let store = try await MongoStore.openForTest(uri, patience: .milliseconds(300))
            let draft = fixture.draft(from: alice)
            try await failPoints.fail(["insert"], times: nil, ("errorCode", .int32(10_107)))
            await #expect(throws: StoreError.self) { try await store.append([draft], to: conversation) }
            try await failPoints.fail(["insert"], times: nil, ("errorCode", .int32(2)))
            let other = await #expect(throws: StoreError.self) { try await store.append([draft], to: conversation) }
            #expect(other?.code == .other)
            try await expectStored([], at: uri)

            try await failPoints.fail(["update"], times: nil, ("errorCode", .int32(10_107)))
            await #expect(throws: StoreError.self) { try await store.append([draft], to: conversation) }
            try await failPoints.failNoMore()
            try await MongoBackdoor.with(uri) { backdoor in
                while try await backdoor.find("conversations").first?.integer("lastSeq") != 1 {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(try await store.append([draft], to: conversation) == [.duplicate(draft.message(in: conversation, seq: 1))])
            await store.close()
        }
    }

    @Test
    func `who reads a message that its conversation doesn't know of raises it`() async throws {
        let uri = try await SharedMongoServer.failing.uri()
        try await MongoStore.with(uri) { store in
            let message = fixture.draft(from: alice).message(in: conversation, seq: 1)
            // A writer that died between its two steps.
            try await MongoBackdoor.with(uri) { try await $0.insert(message.document(stamp: Stamp(0)), into: "messages") }
            #expect(try await store.conversations(of: alice.userID, limit: 5).isEmpty)
            #expect(try await store.messages(in: conversation, before: nil, after: nil, limit: 5).messages == [message])
            #expect(try await store.conversations(of: alice.userID, limit: 5).map(\.lastSeq) == [1])
        }
    }

    private func expectStored(_ messages: [Message], at uri: String) async throws {
        try await MongoBackdoor.with(uri) { backdoor in
            let found = try await backdoor.find("messages").map { try Message($0) }.sorted { $0.seq < $1.seq }
            #expect(found == messages)
            let lastSeqs = try await backdoor.find("conversations").map { try $0.integer("lastSeq") }
            #expect(lastSeqs == (messages.isEmpty ? [] : [Int64(messages.count)]))
            let stamps = try await backdoor.find("messages").map { try $0.stamp("stamp") }
            #expect(stamps.allSatisfy { $0 > Stamp(0) })
        }
    }

    func withFailPoints(_ body: (MongoBackdoor) async throws -> Void) async throws {
        let admin = try await SharedMongoServer.failing.server.uri(database: "admin")
        try await MongoBackdoor.with(admin) { failPoints in
            do {
                try await body(failPoints)
            } catch {
                try await failPoints.failNoMore()
                throw error
            }
            try await failPoints.failNoMore()
        }
    }
}
