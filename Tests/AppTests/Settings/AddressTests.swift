import Testing

@testable import App

@Suite("Origins and address blocks are compared as the web and the net do")
struct AddressTests {
    @Test(
        "An address is in a block or not",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.168.4.0/22", "192.168.7.9", true),
            ("192.168.4.0/22", "192.168.8.1", false), ("0.0.0.0/0", "8.8.8.8", true), ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false), ("127.0.0.1", "::ffff:127.0.0.1", true), ("fd00::/9", "fd7f::1", true),
            ("fd00::/9", "fd80::1", false), ("::1", "::1", true), ("::/0", "1.2.3.4", false), ("10.0.0.0/8", "nonsense", false),
        ]
    )
    func contains(block: String, address: String, isInside: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(address) == isInside)
    }

    @Test("Anything else is no block", arguments: ["", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/+8", "a.example/8"])
    func badBlock(text: String) {
        #expect(AddressBlock(text) == nil)
    }

    @Test("Case and the scheme's own port make no difference to an origin")
    func origins() throws {
        #expect(WebOrigin("HTTPS://Chat.Example:443") == WebOrigin("https://chat.example"))
        #expect(WebOrigin("http://chat.example") != WebOrigin("https://chat.example"))
        #expect(WebOrigin("http://chat.example:8080") != WebOrigin("http://chat.example"))
        #expect(WebOrigin("http://[::1]:3000")?.description == "http://[::1]:3000")
    }

    @Test(
        "Anything else is no origin",
        arguments: [
            "", "null", "chat.example", "ftp://chat.example", "http://", "http://a.example/", "http://a.example?x", "http://a b",
            "http://u@a.example",
            "http://a.example:", "http://a.example:99999", "http://[::1", "http://[zz]",
        ]
    )
    func badOrigin(text: String) {
        #expect(WebOrigin(text) == nil)
    }
}
