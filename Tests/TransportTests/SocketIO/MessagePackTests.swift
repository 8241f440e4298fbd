import Foundation
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("MessagePack is read and written as others do")
struct MessagePackTests {
    struct Vector: Sendable {
        let bytes: [UInt8]
        let notation: String
    }

    /// What another library made: see Tests/Vectors/messagepack.py.
    private static let vectors: [Vector] = {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = (try? String(contentsOf: tests.appending(path: "Vectors/messagepack.txt"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            return Vector(bytes: [UInt8](hex: parts[0]), notation: String(parts[1]))
        }
    }()

    @Test func everyVectorIsReadAndWrittenTheSame() throws {
        #expect(Self.vectors.count > 250)
        for vector in Self.vectors {
            let value = try MessagePackDecoder.decode(vector.bytes)
            #expect(value.notation == vector.notation)
            #expect(MessagePackEncoder.encode(value) == vector.bytes, "\(vector.notation.prefix(60))")
        }
    }

    @Test func everyVectorThatIsCutIsTruncated() {
        for vector in Self.vectors {
            for count in vector.bytes.indices {
                #expect(throws: MessagePackError.truncated) { try MessagePackDecoder.decode(Array(vector.bytes.prefix(count))) }
            }
            #expect(throws: MessagePackError.trailingBytes) { try MessagePackDecoder.decode(vector.bytes + [0xC0]) }
        }
    }

    @Test(arguments: [
        ("d70000000199c82cc000", "t1760000000.0"), ("d700ffffffffffffffff", "t-1.999000000"), ("d40000", "nil"),
        ("c70300010203", "b010203"), ("d50001ff", "b01ff"), ("ca3fc00000", "d3ff8000000000000"), ("d000", "i0"),
        ("d3ffffffffffffffff", "i-1"),
        ("cf0000000000000001", "i1"), ("d90161", "s61"), ("dd00000001c0", "[nil]"), ("df00000001a161c0", "{s61=nil}"),
    ])
    func otherFormsAreReadToo(hex: String, notation: String) throws {
        #expect(try MessagePackDecoder.decode([UInt8](hex: hex)).notation == notation)
    }

    @Test(arguments: [
        ("", MessagePackError.truncated), ("c1", .reserved), ("8101c0", .nameIsNoText), ("ddffffffff", .truncated),
        ("dfffffffff", .truncated),
        ("dbffffffff", .truncated), ("c6ffffffff", .truncated), ("c9ffffffff00", .truncated), ("d7ffffffffff00000000", .invalidTimestamp),
        ("c70cff3b9aca000000000000000000", .invalidTimestamp),
    ])
    func whatIsNoMessagePackIsRefused(hex: String, error: MessagePackError) {
        #expect(throws: error) { try MessagePackDecoder.decode([UInt8](hex: hex)) }
    }

    @Test func whatIsOverTheLimitsIsRefused() throws {
        let limits = MessagePackDecoder.Limits(bytes: 100, depth: 3, values: 10)
        let nested = { (depth: Int) in [UInt8](repeating: 0x91, count: depth) + [0xC0] }
        #expect(try MessagePackDecoder.decode(nested(3), limits: limits).notation == "[[[nil]]]")
        #expect(throws: MessagePackError.tooDeep) { try MessagePackDecoder.decode(nested(4), limits: limits) }
        #expect(throws: MessagePackError.tooDeep) { try MessagePackDecoder.decode(nested(1_000_000), limits: .init()) }
        #expect(throws: MessagePackError.tooLarge) { try MessagePackDecoder.decode(nested(100), limits: limits) }
        let flat = MessagePackEncoder.encode(.array(Array(repeating: .null, count: 9)))
        #expect(try MessagePackDecoder.decode(flat, limits: limits).array?.count == 9)
        let wide = MessagePackEncoder.encode(.array(Array(repeating: .null, count: 10)))
        #expect(throws: MessagePackError.tooLarge) { try MessagePackDecoder.decode(wide, limits: limits) }
    }

    @Test func whatIsWrittenIsReadAgain() async throws {
        var generator = SeededGenerator(seed: 11)
        for round in 0..<5_000 {
            if round.isMultiple(of: 100) { await Task.yield() }
            let value = MessagePackValue.random(using: &generator)
            let bytes = MessagePackEncoder.encode(value)
            let read = try MessagePackDecoder.decode(bytes)
            #expect(read.notation == value.notation)
            #expect(MessagePackEncoder.encode(read) == bytes)
        }
    }

    /// Whatever arrives is either refused or a value that can be written.
    @Test func anythingMayArrive() async {
        var generator = SeededGenerator(seed: 12)
        var accepted = 0
        for round in 0..<100_000 {
            // Others have servers to listen to.
            if round.isMultiple(of: 500) { await Task.yield() }
            var bytes: [UInt8]
            if round.isMultiple(of: 2) {
                bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            } else {
                bytes = Self.vectors[round % Self.vectors.count].bytes
                if bytes.count > 64 { bytes = Array(bytes.prefix(64)) }
                for _ in 0...Int.random(in: 0...2, using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
            }
            guard let value = try? MessagePackDecoder.decode(bytes) else { continue }
            accepted += 1
            let again = try? MessagePackDecoder.decode(MessagePackEncoder.encode(value))
            if again?.notation != value.notation { Issue.record("\(value.notation)") }
        }
        #expect(accepted > 10_000)
    }
}

@Suite("Values of MessagePack as JSON")
struct MessagePackJSONTests {
    @Test(arguments: [
        #"{"a":[1,-2,3.5,true,null],"b":{"c":"x\"\\\né🙂"}}"#, "[]", "{}", "18446744073709551615", #""""#, "-9223372036854775808", "1.25",
    ])
    func jsonIsReadAndWrittenTheSame(text: String) throws {
        let value = try #require(MessagePackValue(json: Array(text.utf8)))
        #expect(String(decoding: value.json, as: UTF8.self) == text)
    }

    @Test(arguments: ["", "{", "[1,]", "nul", "{\"a\"}", "[1] 2", "\u{1}", "\"\\x\"", String(repeating: "[", count: 1_000)])
    func otherTextIsNone(text: String) {
        #expect(MessagePackValue(json: Array(text.utf8)) == nil)
    }

    @Test func whatIsNotUTF8IsNone() {
        #expect(MessagePackValue(json: [0x22, 0xFF, 0x22]) == nil)
    }

    @Test func whatJSONHasNoWordForIsWrittenAsJavaScriptDoes() {
        let value: MessagePackValue = [
            .double(3), .double(0.5), .double(.infinity), .double(.nan), .double(1e21), .timestamp(.init(milliseconds: 1_767_873_600_123)),
            .timestamp(.init(seconds: .max, nanoseconds: 0)), .binary([1, 2]), .extended(type: 5, []),
        ]
        #expect(String(decoding: value.json, as: UTF8.self) == #"[3,0.5,null,null,1e+21,"2026-01-08T12:00:00.123Z",null,null,null]"#)
    }

    @Test func binaryBecomesAttachments() {
        let value: MessagePackValue = ["a": .binary([1]), "b": [.binary([2, 3]), "x"]]
        let (json, attachments) = value.jsonWithAttachments
        #expect(String(buffer: json) == #"{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1},"x"]}"#)
        #expect(attachments == [[1], [2, 3]])
    }
}

extension [UInt8] {
    init(hex: some StringProtocol) {
        let digits = hex.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue ?? 0 }
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    var hex: String {
        map { byte in [byte >> 4, byte & 0xF].map { String($0, radix: 16) }.joined() }.joined()
    }
}

extension MessagePackValue {
    /// The value as Tests/Vectors/messagepack.py writes it.
    fileprivate var notation: String {
        switch self {
        case .null: "nil"
        case .boolean(let boolean): boolean ? "true" : "false"
        case .integer(let integer): "i\(integer)"
        case .unsigned(let unsigned): "i\(unsigned)"
        case .double(let double): "d" + withUnsafeBytes(of: double.bitPattern.bigEndian) { Array($0) }.hex
        case .text(let text): "s" + Array(text.utf8).hex
        case .binary(let bytes): "b" + bytes.hex
        case .array(let elements): "[" + elements.map(\.notation).joined(separator: " ") + "]"
        case .map(let map): "{" + map.members.map { "s" + Array($0.name.utf8).hex + "=" + $0.value.notation }.joined(separator: " ") + "}"
        case .timestamp(let timestamp): "t\(timestamp.seconds).\(timestamp.nanoseconds)"
        case .extended(let type, let bytes): "x\(type):" + bytes.hex
        }
    }

    fileprivate static func random(using generator: inout SeededGenerator, depth: Int = 0) -> Self {
        let count = Int.random(in: 0...5, using: &generator)
        let bytes = { (generator: inout SeededGenerator) in
            (0..<Int.random(in: 0...300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        switch Int.random(in: 0...(depth < 4 ? 10 : 8), using: &generator) {
        case 0: return .null
        case 1: return .boolean(.random(using: &generator))
        case 2, 3: return .integer(Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator))
        case 4: return .unsigned(generator.next() | 1 << 63)
        case 5: return .double(Double(bitPattern: generator.next()))
        case 6: return .text(String(decoding: bytes(&generator), as: UTF8.self))
        case 7: return .binary(bytes(&generator))
        case 8: return .timestamp(MessagePackTimestamp(milliseconds: Int64(bitPattern: generator.next()) >> 12))
        case 9: return .array((0..<count).map { _ in random(using: &generator, depth: depth + 1) })
        default:
            return .map(MessagePackMap((0..<count).map { .init("name\($0)", random(using: &generator, depth: depth + 1)) }))
        }
    }
}
