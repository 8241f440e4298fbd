import Actors
import TestSupport
import Testing
import Transport

@Suite("A token is believed only with our signature, our algorithm and time left")
struct JWTTokenCodecTests {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let otherSecret = "another secret of at least 32 bytes"

    private let fixture = Fixture()

    private func codec(_ secret: String = secret, previous: String? = nil) async throws -> JWTTokenCodec {
        try #require(await JWTTokenCodec(secret: secret, previous: previous, time: fixture.time))
    }

    private func claims(lasting duration: Duration = .seconds(60)) -> TokenClaims {
        let now = fixture.time.now()
        return TokenClaims(
            userID: fixture.id(),
            sessionID: fixture.id(),
            role: .user,
            issuedAt: now,
            expiresAt: now.advanced(by: duration)
        )
    }

    private func failure(_ codec: JWTTokenCodec, _ token: String) async -> RequestError.Code? {
        do throws(RequestError) {
            _ = try await codec.verify(token)
            return nil
        } catch {
            return error.code
        }
    }

    @Test
    func `claims come back as they went in`() async throws {
        let codec = try await codec()
        let claims = claims()
        let token = try await codec.issue(claims)
        #expect(try await codec.verify(token) == claims)
        #expect(token.utf8.count < 400)
    }

    @Test
    func `a token runs out at its last second`() async throws {
        let codec = try await codec()
        let token = try await codec.issue(claims(lasting: .seconds(60)))
        fixture.time.advance(by: .milliseconds(59_999))
        #expect(await failure(codec, token) == nil)
        fixture.time.advance(by: .milliseconds(1))
        #expect(await failure(codec, token) == .tokenExpired)
    }

    @Test
    func `the previous secret is accepted, never used, and gone after that`() async throws {
        let old = try await codec(Self.otherSecret)
        let rotated = try await codec(previous: Self.otherSecret)
        let new = try await codec()
        let oldToken = try await old.issue(claims())
        #expect(await failure(rotated, oldToken) == nil)
        #expect(await failure(new, oldToken) == .unauthenticated)
        let newToken = try await rotated.issue(claims())
        #expect(await failure(new, newToken) == nil)
        #expect(await failure(old, newToken) == .unauthenticated)
        fixture.time.advance(by: .seconds(61))
        #expect(await failure(rotated, oldToken) == .tokenExpired)
    }

    @Test
    func `a short secret makes no codec`() async {
        #expect(await JWTTokenCodec(secret: "short", time: fixture.time) == nil)
        #expect(await JWTTokenCodec(secret: Self.secret, previous: "short", time: fixture.time) == nil)
    }

    @Test(arguments: ForeignToken.good)
    func `another program's token with our secret is understood`(foreign: ForeignToken) async throws {
        let claims = try await codec().verify(foreign.token)
        #expect(claims.userID.description == "019ba000-0000-7000-8000-000000000001")
        #expect(claims.sessionID.description == "019ba000-0000-7000-8000-000000000002")
        #expect(claims.role == .admin)
        #expect(claims.issuedAt.milliseconds / 1_000 == 1_767_873_600)
        #expect(claims.expiresAt.milliseconds / 1_000 == 1_767_877_200)
    }

    @Test(arguments: ForeignToken.bad)
    func `our secret alone is not enough`(foreign: ForeignToken) async throws {
        #expect(await failure(try await codec(), foreign.token) == .unauthenticated)
    }

    @Test(arguments: ["none", "None", "NONE", ""])
    func `an unsigned token is refused`(algorithm: String) async throws {
        let codec = try await codec()
        let parts = try await codec.issue(claims()).split(separator: ".")
        let header = ForeignToken.base64URL("{\"alg\":\"\(algorithm)\",\"typ\":\"JWT\"}")
        #expect(await failure(codec, "\(header).\(parts[1]).") == .unauthenticated)
        #expect(await failure(codec, "\(header).\(parts[1]).\(parts[2])") == .unauthenticated)
        #expect(await failure(codec, "\(parts[0]).\(parts[1]).") == .unauthenticated)
    }

    @Test
    func `a token with any character changed is refused, and an expired one too is only then called expired`() async throws {
        let codec = try await codec()
        let token = Array(try await codec.issue(claims()))
        fixture.time.advance(by: .seconds(61))
        // The last character holds four bits of padding that no signature covers, so it is left out.
        for index in token.indices.dropLast() {
            var changed = token
            changed[index] = token[index] == "A" ? "B" : "A"
            #expect(await failure(codec, String(changed)) == .unauthenticated, "character \(index)")
        }
        #expect(await failure(codec, String(token)) == .tokenExpired)
    }

    static let garbage = [
        "", ".", "..", "...", "a.b.c", "a.b", "\0.\0.\0", "💬.💬.💬", "e30.e30.e30", "bnVsbA.bnVsbA.", String(repeating: "a", count: 4_097),
        String(repeating: ".", count: 4_096), String(repeating: "W", count: 1_000_000),
    ]

    @Test(arguments: garbage)
    func `garbage is refused`(token: String) async throws {
        #expect(await failure(try await codec(), token) == .unauthenticated)
    }

    @Test
    func `a refusal says nothing of the token`() async throws {
        let codec = try await codec()
        let token = try await codec.issue(claims()) + "x"
        let error = await #expect(throws: RequestError.self) { _ = try await codec.verify(token) }
        let text = error.map { "\($0) \(String(reflecting: $0))" } ?? ""
        #expect(!text.isEmpty)
        #expect(token.split(separator: ".").allSatisfy { !text.contains($0) })
    }
}
