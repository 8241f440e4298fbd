import Actors
import Testing

@testable import Transport

@Suite("The driver's errors become the port's words")
struct MongoFailureTests {
    struct Example: Sendable {
        let code: Int64
        let message: String
        let kind: MongoFailure.Kind
        let word: StoreError.Code
        let detail: String
    }

    static let examples = [
        Example(
            code: 11_000,
            message: "E11000 duplicate key error collection: db.messages index: messages_seq dup key: { conversationId: \"secret\" }",
            kind: .duplicateKey(.messageSeq),
            word: .duplicateKey,
            detail: "server error 11000: duplicate key in messages_seq"
        ),
        Example(
            code: 11_000,
            message: "E11000 duplicate key error collection: db.x index: other dup key: { a: \"secret\" }",
            kind: .duplicateKey(nil),
            word: .duplicateKey,
            detail: "server error 11000: duplicate key in some index"
        ),
        Example(code: 10_107, message: "not primary", kind: .notPrimary, word: .unavailable, detail: "server error 10107: not primary"),
        Example(
            code: 91,
            message: "shutting down",
            kind: .changingRole,
            word: .unavailable,
            detail: "server error 91: the server is going away or changes its role"
        ),
        Example(code: 50, message: "\"secret\"", kind: .timeout, word: .timeout, detail: "server error 50: it took too long"),
        Example(
            code: 64,
            message: "waiting for replication timed out",
            kind: .notYetDurable,
            word: .timeout,
            detail: "server error 64: the write concern is not fulfilled"
        ),
        Example(
            code: 2,
            message: "Cannot apply $max to 'secret' in \"secret\" of { _id: \"secret\", a: 'secret' }",
            kind: .other,
            word: .other,
            detail: "server error 2: Cannot apply $max to … in … of {…}"
        ),
    ]

    @Test(arguments: examples)
    func `a server's code decides and its message gives no value away`(example: Example) {
        let failure = MongoFailure(serverCode: example.code, message: example.message)
        #expect(failure.kind == example.kind)
        #expect(failure.storeError.code == example.word)
        #expect(failure.detail == example.detail)
        #expect(!failure.storeError.detail.contains("secret"))
    }

    @Test
    func `the fields of a key tell the index, whatever its name`() {
        #expect(MongoIndex(keyPattern: ["conversationId": .int32(1), "seq": .int32(1)]) == .messageSeq)
        #expect(MongoIndex(keyPattern: ["senderId": .int32(1), "clientMessageId": .int32(1)]) == .clientMessageID)
        #expect(MongoIndex(keyPattern: ["_id": .int32(1)]) == .id)
        #expect(MongoIndex(keyPattern: ["username": .int32(1)]) == .username)
        #expect(MongoIndex(keyPattern: ["userId": .int32(1), "conversationId": .int32(1)]) == .membership)
        #expect(MongoIndex(keyPattern: ["x": .int32(1)]) == nil)
    }

    @Test
    func `what begins with a prefix ends before the next string`() {
        #expect(FoldedRange.end(of: "an") == "ao")
        #expect(FoldedRange.end(of: "") == nil)
        #expect(FoldedRange.end(of: "a\u{10FFFF}") == "b")
        #expect(FoldedRange.end(of: "\u{10FFFF}") == nil)
        #expect(FoldedRange.end(of: "\u{D7FF}") == "\u{E000}")
        #expect(FoldedRange(prefix: "b", after: "c").condition == ["$gt": .string("c"), "$lt": .string("c")])
        #expect(FoldedRange(prefix: "b", after: "a").condition == ["$gte": .string("b"), "$lt": .string("c")])
    }
}
