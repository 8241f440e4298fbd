import Testing
import Transport

@Suite("Only the instance's own and the listed origins are allowed")
struct AllowedOriginsTests {
    @Test("own, listed and foreign")
    func origins() throws {
        let origins = try #require(AllowedOrigins(list: "https://chat.example.com, http://intranet:8080 ,", isDevelopment: false))
        let own = WebOrigin("https://api.example.com")
        for allowed in ["https://chat.example.com", "https://CHAT.example.com:443", "http://intranet:8080", "https://api.example.com"] {
            #expect(origins.allows(allowed, own: own), "\(allowed)")
        }
        for refused in [
            "null", "", "http://chat.example.com", "https://chat.example.com.evil.org", "https://evil.org", "http://localhost:3000",
            "https://api.example.com:444", "file://", "https://chat.example.com@evil.org", "https://chat.example.com/path",
        ] {
            #expect(!origins.allows(refused, own: own), "\(refused)")
        }
        #expect(!origins.allows("https://api.example.com", own: nil))
    }

    @Test("every port of this machine in development")
    func development() throws {
        let origins = AllowedOrigins(isDevelopment: true)
        #expect(origins.allows("http://localhost:3000", own: nil))
        #expect(origins.allows("http://127.0.0.1:9", own: nil))
        #expect(!origins.allows("https://localhost:3000", own: nil))
        #expect(!origins.allows("http://localhost.evil.org:3000", own: nil))
    }

    @Test("a list that is wrong is refused", arguments: ["example.com", "https://", "ftp://x", "https://a b", "https://x:70000", "*"])
    func wrongLists(list: String) {
        #expect(AllowedOrigins(list: list, isDevelopment: false) == nil)
    }
}

@Suite("X-Forwarded-* headers count only from a trusted proxy")
struct RequestEndpointTests {
    private let proxies = TrustedProxies(list: "10.0.0.0/8, 127.0.0.1, fd00::/8") ?? TrustedProxies()

    private func endpoint(from address: String?, isSecure: Bool = false, _ headers: [String: String]) -> RequestEndpoint {
        RequestEndpoint(socketAddress: address, isSecure: isSecure, trustedProxies: proxies) { headers[$0] }
    }

    @Test("a stranger is taken at the socket's word")
    func stranger() {
        let forged = ["Host": "a.example", "X-Forwarded-Host": "b.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"]
        let endpoint = endpoint(from: "192.0.2.1", forged)
        #expect(endpoint.ownOrigin == WebOrigin("http://a.example"))
        #expect(endpoint.clientAddress == "192.0.2.1")
    }

    @Test("a proxy is believed")
    func proxy() {
        let headers = [
            "Host": "inner:8000", "X-Forwarded-Host": "b.example", "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "6.6.6.6, 1.2.3.4, 10.9.9.9",
        ]
        let endpoint = endpoint(from: "10.1.2.3", headers)
        #expect(endpoint.ownOrigin == WebOrigin("https://b.example"))
        #expect(endpoint.clientAddress == "1.2.3.4")
        #expect(self.endpoint(from: "::ffff:10.1.2.3", headers) == endpoint)
    }

    @Test("a proxy that names the port apart")
    func forwardedPort() {
        let endpoint = endpoint(from: "fd00::1", ["Host": "b.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "8443"])
        #expect(endpoint.ownOrigin == WebOrigin("https://b.example:8443"))
        #expect(endpoint.clientAddress == "fd00::1")
    }

    @Test(
        "networks",
        arguments: [
            ("10.255.0.1", true), ("11.0.0.1", false), ("127.0.0.1", true), ("127.0.0.2", false), ("fd12::1", true), ("fe80::1", false),
            ("x", false),
        ]
    )
    func networks(address: String, isTrusted: Bool) {
        #expect(proxies.contains(address) == isTrusted)
    }

    @Test("a list that is wrong is refused", arguments: ["x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "::1/129"])
    func wrongLists(list: String) {
        #expect(TrustedProxies(list: list) == nil)
    }
}
