import Actors
import TestSupport
import Testing

@testable import Transport

@Suite("A document is encoded as BSON says and read back as it was")
struct BSONDocumentTests {
    private static let everything: BSONDocument = [
        "double": .double(-1.5),
        "string": .string("a\0b é"),
        "document": .document(["inner": .document([:])]),
        "array": .array([.int32(1), .string("two"), .document(["three": .int64(3)])]),
        "uuid": .uuid(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210),
        "binary": .binary([0, 1, 0xFF]),
        "objectID": .objectID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98),
        "true": .bool(true),
        "date": .date(-1),
        "null": .null,
        "int32": .int32(.min),
        "timestamp": .timestamp(7 << 32 | 9),
        "int64": .int64(.max),
    ]

    @Test("The example of the specification has the bytes that it has there")
    func specification() {
        // https://bsonspec.org/faq.html
        let document: BSONDocument = ["hello": .string("world")]
        #expect(document.bytes == [0x16, 0, 0, 0, 2] + Array("hello".utf8) + [0, 6, 0, 0, 0] + Array("world".utf8) + [0, 0])
        let array: BSONDocument = ["BSON": .array([.string("awesome"), .double(5.05), .int32(1986)])]
        let start: [UInt8] = [0x31, 0, 0, 0, 4] + Array("BSON".utf8) + [0, 0x26, 0, 0, 0, 2, 0x30, 0, 8, 0, 0, 0] + Array("awesome".utf8)
        let end: [UInt8] = [0, 1, 0x31, 0, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x14, 0x40, 0x10, 0x32, 0, 0xC2, 7, 0, 0, 0, 0]
        #expect(array.bytes == start + end)
    }

    @Test("A UUID is binary of subtype 4 in network order")
    func uuid() throws {
        let id = try #require(UserID("01234567-89ab-cdef-0123-456789abcdef"))
        let bytes: [UInt8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]
        #expect((["u": .id(id)] as BSONDocument).bytes == [29, 0, 0, 0, 5, 0x75, 0, 16, 0, 0, 0, 4] + bytes + bytes + [0])
    }

    @Test("Every type comes back")
    func roundTrip() throws {
        let copy = try #require(BSONDocument(checking: Self.everything.bytes))
        #expect(try copy.value("double") == .double(-1.5))
        #expect(try copy.text("string") == "a\0b é")
        #expect(try copy.optionalDocument("document")?.optionalDocument("inner")?.isEmpty == true)
        #expect(try copy.value("array") == .array([.int32(1), .string("two"), .document(["three": .int64(3)])]))
        #expect(try copy.documents("array") == [["three": .int64(3)]])
        #expect(try copy.identifier("uuid") == UserID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210))
        #expect(try copy.optionalBinary("binary") == [0, 1, 0xFF])
        #expect(try copy.value("objectID") == .objectID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98))
        #expect(try copy.flag("true"))
        #expect(try copy.flag("absent") == false)
        #expect(try copy.time("date") == Timestamp(milliseconds: -1))
        #expect(try copy.optionalText("null") == nil)
        #expect(try copy.integer("int32") == Int64(Int32.min))
        #expect(try copy.stamp("timestamp") == Stamp(7 << 32 | 9))
        #expect(try copy.integer("int64") == .max)
        #expect(try copy.value("absent") == nil)
    }

    @Test("A field of another type is damage, not a crash")
    func otherType() {
        for key in ["string", "document", "array", "true", "date", "timestamp", "uuid", "double", "absent"] {
            #expect(throws: StoreError.self, "\(key)") { try Self.everything.integer(key) }
        }
        #expect(throws: StoreError.self) { try Self.everything.text("int32") }
        #expect(throws: StoreError.self) { try Self.everything.identifier("string") as UserID }
        #expect(throws: StoreError.self) { try Self.everything.stamp("int64") }
        #expect(throws: StoreError.self) { try Self.everything.time("int64") }
    }

    @Test("An object id is 12 bytes in their order, other binary data is of subtype 0")
    func objectID() {
        let id: BSONDocument = ["i": .objectID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98)]
        #expect(id.bytes == [20, 0, 0, 0, 7, 0x69, 0, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0])
        let binary: BSONDocument = ["b": .binary([7, 8])]
        #expect(binary.bytes == [15, 0, 0, 0, 5, 0x62, 0, 2, 0, 0, 0, 0, 7, 8, 0])
    }

    @Test("Fields of types that this program doesn't write are passed over")
    func foreignTypes() throws {
        let foreign: [[UInt8]] = [
            [0x0B, 0x61, 0, 0x78, 0, 0x69, 0],
            [0x13, 0x61, 0] + Array(repeating: 1, count: 16),
            [0x05, 0x61, 0, 2, 0, 0, 0, 5, 9, 9],
            [0x7F, 0x61, 0],
            [0x0D, 0x61, 0, 2, 0, 0, 0, 0x78, 0],
        ]
        for field in foreign {
            let last: [UInt8] = [0x10, 0x62, 0, 5, 0, 0, 0, 0]
            let bytes = [UInt8(4 + field.count + last.count), 0, 0, 0] + field + last
            let document = try #require(BSONDocument(checking: bytes))
            #expect(try document.integer("b") == 5)
            #expect(try document.value("a") == nil)
        }
    }

    @Test("No damaged bytes lead past the end")
    func damaged() {
        var random = SeededGenerator(seed: 5)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = Self.everything.bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 4..<bytes.count - 1, using: &random)] = .random(in: 0 ... .max, using: &random)
            }
            guard let document = BSONDocument(checking: bytes) else { continue }
            do {
                for key in ["array", "document", "int64", "uuid", "binary", "objectID"] { _ = try document.value(key) }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 1_000)
        for length in 0..<Self.everything.bytes.count {
            #expect(BSONDocument(checking: Array(Self.everything.bytes.prefix(length))) == nil)
        }
    }
}
