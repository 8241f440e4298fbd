import Testing

@testable import Transport

@Suite("The scanner takes what is JSON and nothing else")
struct JSONScannerTests {
    private func isValue(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            return (try? scanner.skipValue()) != nil && scanner.next() == nil
        }
    }

    private func string(_ text: String) -> String? {
        Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            guard let string = try? scanner.string(), scanner.next() == nil else { return nil }
            return string
        }
    }

    @Test(
        "values",
        arguments: [
            "0", "-0", "10", "-1.50", "1e5", "1E+5", "1.5e-10", "true", "false", "null", #""""#, "[]", "{}", " [ 1 , 2 ] ",
            "\t{\n\"a\"\r:1}",
            #"{"a":{"b":[{},[],"c"]}}"#, #""\u00e9\n\/""#, #""\ud83d\ude42""#,
        ]
    )
    func values(text: String) {
        #expect(isValue(text))
    }

    @Test(
        "what is none",
        arguments: [
            "", " ", "01", "-", "+1", "1.", ".5", "1e", "1e+", "tru", "truex", "nul", "'a'", #"""#, #""\"#, #""\x""#, #""\u12""#,
            #""\u12g4""#,
            #""\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83d\u0041""#, #""\ude42""#, "\"a\nb\"", "\"\u{0}\"", "[", "]", "[1", "[1 2]",
            "{", "{}}", #"{"a"}"#, #"{"a":}"#, #"{"a":1 "b":2}"#, #"{a:1}"#, "{1:2}", "1 2", "[,]", "\u{a0}1",
        ]
    )
    func refusals(text: String) {
        #expect(!isValue(text))
    }

    @Test("strings")
    func strings() {
        #expect(string(#""""#) == "")
        #expect(string(#""héllo""#) == "héllo")
        #expect(string(#""\"\\\/\b\f\n\r\t""#) == "\"\\/\u{8}\u{C}\n\r\t")
        #expect(string(#""a\u00E9\u0000\ud83d\uDE42z""#) == "aé\u{0}🙂z")
        #expect(string(#""\ud800\udc00\udbff\udfff""#) == "\u{10000}\u{10FFFF}")
    }

    @Test("nesting has an end")
    func depth() {
        let deepest = JSONScanner.maxDepth - 1
        #expect(isValue(String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest)))
        #expect(!isValue(String(repeating: "[", count: deepest + 1) + String(repeating: "]", count: deepest + 1)))
    }

    @Test("every beginning of a frame is refused")
    func beginnings() {
        let frame = Array(#"{"type":"PING","x":[1.5e3,{"y":"\u00e9\\"},true,null]}"#.utf8)
        for count in 0..<frame.count {
            #expect(!isValue(String(decoding: frame[..<count], as: UTF8.self)))
        }
    }
}
