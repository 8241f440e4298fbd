import AsyncHTTPClient
import FoundationEssentials
import Glibc
import LocalCluster
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing
import Transport

@testable import App

@Suite("A server with a certificate", .inTurn, .timeLimit(.minutes(2)))
struct CertificateTests {
    /// Puts a new authority's certificate where the server reads its own; gives the authority's.
    private func renew(_ files: TemporaryDirectory) async throws -> NIOSSLContext {
        let fresh = try TemporaryDirectory()
        try await TestCertificates.make(in: fresh, names: "DNS:localhost,IP:127.0.0.1")
        for name in ["ca.crt", "server.crt", "server.key"] {
            try Data(contentsOf: URL(filePath: fresh.path(of: name))).write(to: URL(filePath: files.path(of: name)))
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(files.path(of: "ca.crt")))
        return try NIOSSLContext(configuration: configuration)
    }

    private func connect(to base: String, trusting tls: NIOSSLContext) async throws -> WebSocketConnection {
        let url = try #require(WebSocketURL(base + "/ws"))
        let connection = try await WebSocketConnection.connect(to: url, tls: tls)
        return connection
    }

    /// The first frame that answers one without a token: the connection carries frames both ways.
    private func speaks(_ connection: WebSocketConnection) async -> Bool {
        connection.send(text: #"{"type":"PING","ref":"x"}"#)
        var messages = connection.messages.makeAsyncIterator()
        return await messages.next()?.contains("AUTH") ?? false
    }

    @Test("HTTPS and WSS are served; on SIGHUP new connections get the new certificate, and a broken one changes nothing")
    func reload() async throws {
        let files = try TemporaryDirectory()
        let firstAuthority = try await renew(files)
        let server = try await SoloServer.start([
            "TLS_CERT_FILE": files.path(of: "server.crt"), "TLS_KEY_FILE": files.path(of: "server.key"),
        ])
        #expect(server.url.hasPrefix("https://localhost:"))
        let curl = ["--silent", "--show-error", "--fail", "--cacert", "ca.crt", server.url + "/livez"]
        #expect(try await ToolRun.output(of: "curl", curl, in: files).contains("ok"))
        let old = try await connect(to: server.url, trusting: firstAuthority)

        let secondAuthority = try await renew(files)
        // Not before it is told to.
        try await connect(to: server.url, trusting: firstAuthority).disconnect()
        server.process.kill(SIGHUP)
        try await server.process.waitForLog(containing: "certificate_reloaded")
        try await connect(to: server.url, trusting: secondAuthority).disconnect()
        await #expect(throws: WebSocketConnectError.self) { try await connect(to: server.url, trusting: firstAuthority) }
        #expect(await speaks(old))

        try Data("no certificate".utf8).write(to: URL(filePath: files.path(of: "server.crt")))
        server.process.kill(SIGHUP)
        let line = try await server.process.waitForLog(containing: "certificate_not_reloaded")
        #expect(line.contains("server.crt"))
        try await connect(to: server.url, trusting: secondAuthority).disconnect()
        #expect(try await ToolRun.output(of: "curl", curl, in: files).contains("ok"))
    }

    @Test("A page of the server's own HTTPS origin may change something, one of its HTTP origin may not")
    func origin() async throws {
        let files = try TemporaryDirectory()
        _ = try await renew(files)
        let server = try await SoloServer.start([
            "TLS_CERT_FILE": files.path(of: "server.crt"), "TLS_KEY_FILE": files.path(of: "server.key"),
        ])
        for (scheme, status) in [("https", "401"), ("http", "403")] {
            let origin = scheme + server.url.dropFirst("https".count)
            let arguments = [
                "--silent", "--cacert", "ca.crt", "--output", "/dev/null", "--write-out", "%{http_code}", "--request", "POST",
                "--header", "Origin: \(origin)", "--cookie", "token=x", server.url + "/api/messages",
            ]
            #expect(try await ToolRun.output(of: "curl", arguments, in: files) == status)
        }
    }

    @Test("A certificate that can't be used is refused at boot, in one line without anything of the key")
    func refused() async throws {
        let files = try TemporaryDirectory()
        _ = try await renew(files)
        let other = try TemporaryDirectory()
        _ = try await renew(other)
        let process = try ServerProcess(environment: [
            "TLS_CERT_FILE": files.path(of: "server.crt"), "TLS_KEY_FILE": other.path(of: "server.key"),
        ])
        #expect(try await process.waitForExit() == .exited(78))
        #expect(process.log.contains { $0.contains("is not the key of the certificate") })
        #expect(!process.log.contains { $0.contains("PRIVATE") })
    }

    @Test("Without a certificate SIGHUP changes nothing")
    func ignored() async throws {
        let server = try await SoloServer.start()
        server.process.kill(SIGHUP)
        try await server.process.waitForLog(containing: "reload_ignored")
        #expect(try await server.visitor.call(.GET, "/livez").status == 200)
    }
}
