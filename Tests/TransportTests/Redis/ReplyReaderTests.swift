import Testing
import Transport

@Suite("The reply reader decodes RESP2 and refuses what is over its limits")
struct ReplyReaderTests {
    private func feed(_ text: String, to reader: ReplyReader) throws(RedisError) {
        var failure: RedisError?
        Array(text.utf8).withUnsafeBytes { bytes in
            do throws(RedisError) { try reader.feed(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func replies(_ text: String, limits: ReplyReader.Limits = .init()) throws -> [RedisReply] {
        let reader = ReplyReader(limits: limits)
        try feed(text, to: reader)
        var replies: [RedisReply] = []
        while let reply = try reader.next() { replies.append(reply) }
        return replies
    }

    @Test(arguments: [
        ("+OK\r\n", RedisReply.status("OK")),
        ("-ERR no\r\n", .error("ERR no")),
        (":-42\r\n", .integer(-42)),
        ("$5\r\nhe\r\no\r\n", .bulk(Array("he\r\no".utf8))),
        ("$0\r\n\r\n", .bulk([])),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("*0\r\n", .array([])),
        ("*3\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n", .array([.integer(1), .array([.bulk([120])]), .null])),
    ])
    func decodes(text: String, expected: RedisReply) throws {
        #expect(try replies(text) == [expected])
    }

    @Test func severalRepliesInOnePieceComeOneByOne() throws {
        #expect(try replies("+A\r\n:1\r\n$1\r\nb\r\n+half") == [.status("A"), .integer(1), .bulk([98])])
    }

    @Test func aReplyInSingleBytesIsWholeWithItsLastByte() throws {
        let text = "*2\r\n$7\r\nmessage\r\n*2\r\n:7\r\n+x\r\n"
        let reader = ReplyReader()
        for scalar in text.unicodeScalars.dropLast() {
            try feed(String(scalar), to: reader)
            #expect(try reader.next() == nil)
        }
        try feed("\n", to: reader)
        #expect(try reader.next() == .array([.bulk(Array("message".utf8)), .array([.integer(7), .status("x")])]))
        #expect(try reader.next() == nil)
    }

    @Test func aHalfBuiltReplyIsFreedWithTheReader() throws {
        let reader = ReplyReader()
        try feed("*3\r\n$1\r\na\r\n*2\r\n:1\r\n", to: reader)
        #expect(try reader.next() == nil)
    }

    @Test(arguments: [
        ">2\r\n+a\r\n+b\r\n",
        "hello\r\n",
        "$512000000000\r\n",
        "*200000000\r\n",
        "*-7\r\n",
        String(repeating: "*1\r\n", count: 8) + ":1\r\n",
    ])
    func refuses(text: String) {
        #expect { try replies(text) } throws: { ($0 as? RedisError)?.code == .protocolViolation }
    }

    @Test func sevenNestedArraysPass() throws {
        #expect(try replies(String(repeating: "*1\r\n", count: 7) + ":1\r\n").count == 1)
    }

    @Test func limitsCountOverAWholeReply() throws {
        var limits = ReplyReader.Limits()
        limits.elements = 4
        #expect(try replies("*2\r\n*1\r\n:1\r\n*1\r\n:2\r\n*1\r\n:3\r\n", limits: limits).count == 2)
        #expect(throws: RedisError.self) { try replies("*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n:3\r\n", limits: limits) }
        limits = ReplyReader.Limits()
        limits.replyBytes = 64
        #expect(try replies(String(repeating: "$30\r\n\(String(repeating: "a", count: 30))\r\n", count: 1), limits: limits).count == 1)
        #expect(throws: RedisError.self) { try replies("$80\r\n\(String(repeating: "a", count: 70))", limits: limits) }
        limits = ReplyReader.Limits()
        limits.bulkBytes = 10
        #expect(try replies("$10\r\n0123456789\r\n", limits: limits).count == 1)
        #expect(throws: RedisError.self) { try replies("$11\r\n0", limits: limits) }
    }

    @Test func aLineWithoutAnEndIsRefused() {
        #expect(throws: RedisError.self) { try replies("+" + String(repeating: "a", count: 70_000)) }
    }

    @Test func anErrorStays() throws {
        let reader = ReplyReader()
        try feed("?\r\n", to: reader)
        #expect(throws: RedisError.self) { try reader.next() }
        #expect(throws: RedisError.self) { try feed("+OK\r\n", to: reader) }
        #expect(throws: RedisError.self) { try reader.next() }
    }

    @Test func anErrorsCodeIsItsFirstWordOnly() {
        #expect(RedisReply.error("WRONGPASS invalid secret").errorCode == "WRONGPASS")
        #expect(RedisReply.error("").errorCode == "")
        #expect(RedisReply.status("OK").errorCode == nil)
    }
}
