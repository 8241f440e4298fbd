import Actors
import LocalCluster
import TestSupport
import Testing

@testable import Transport

@Suite("Passwords are known again by their hashes only, and a name that isn't there costs as much")
struct ScryptHasherTests {
    /// Made with Python's hashlib.scrypt: "password", salt "0123456789abcdef", N = 1024, r = 8, p = 1.
    private static let foreign = "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ZEBCzLptWM7dhpNJDU2HbQ945ovKHmVEozHkePPbSqw"

    private func withHasher(
        log2N: Int = 4,
        threads: Int = 2,
        waitingLimit: Int = 32,
        _ body: (ScryptHasher) async throws -> Void
    ) async throws {
        let hasher = ScryptHasher(log2N: log2N, threads: threads, waitingLimit: waitingLimit)
        try await doing {
            try await body(hasher)
        } finally: {
            await hasher.shutdown()
        }
    }

    @Test(arguments: ["password", "", "пароль 👩‍👩‍👧‍👦", "a\0b", String(repeating: "x", count: 128)])
    func `a password is known again and another is not`(password: String) async throws {
        try await withHasher { hasher in
            let hash = try await hasher.hash(password)
            #expect(hash.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
            #expect(password.isEmpty || !hash.contains(password))
            #expect(try await hasher.verify(password, against: hash))
            #expect(try await hasher.verify(password + "x", against: hash) == false)
            // All but zero bytes at the end, which HMAC adds to a short key by itself: cutting at a zero would show here.
            #expect(try await hasher.verify(password + "\0x", against: hash) == false)
            #expect(try await hasher.hash(password) != hash)
        }
    }

    @Test
    func `a hash of another program and another cost is understood`() async throws {
        try await withHasher { hasher in
            #expect(try await hasher.verify("password", against: Self.foreign))
            #expect(try await hasher.verify("Password", against: Self.foreign) == false)
            let parsed = try #require(ScryptHash(Self.foreign))
            #expect(parsed.description == Self.foreign)
        }
    }

    @Test
    func `no hash, a broken hash and a wrong password take the same work`() async throws {
        try await withHasher { hasher in
            let hash = try await hasher.hash("right")
            var work: [Int] = []
            for known in [hash, nil, "", "not a hash"] {
                let before = hasher.workDone
                #expect(try await hasher.verify("wrong", against: known) == false)
                work.append(hasher.workDone - before)
            }
            #expect(work == Array(repeating: 8 * 16, count: 4))
        }
    }

    @Test
    func `the password of the stand-in hash is nobody's`() async throws {
        try await withHasher { hasher in
            for password in ["", "\0", "password"] {
                let isKnown = try await hasher.verify(password, against: nil)
                #expect(!isKnown)
            }
        }
    }

    static let broken = [
        "", "$", "$scrypt$", "scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$argon2id$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=4,r=8$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$r=8,ln=4,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=04444,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=-4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=+4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=21,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=20,r=32,p=16$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=4,r=8,p=1$$MDEyMzQ1Njc4OWFiY2RlZg", "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$",
        "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$MDEyMzQ1Njc4OWFiY2RlZg==",
        "$scrypt$ln=4,r=8,p=1$M!EyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg$more",
        "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + String(repeating: "A", count: 600),
    ]

    @Test(arguments: broken)
    func `a broken hash is none`(text: String) {
        #expect(ScryptHash(text) == nil)
    }

    @Test
    func `more than may wait is refused with a time to come back`() async throws {
        try await withHasher(log2N: 14, threads: 1, waitingLimit: 2) { hasher in
            let refusals = await withTaskGroup(of: RequestError?.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        do throws(RequestError) {
                            _ = try await hasher.hash("password")
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [RequestError]()) { refusals, refusal in
                    if let refusal { refusals.append(refusal) }
                }
            }
            #expect(refusals.count >= 1)
            #expect(refusals.allSatisfy { $0.code == .storeUnavailable && $0.retryAfter != nil })
            _ = try await hasher.hash("after them")
        }
    }

    @Test
    func `after a shutdown every call is refused`() async throws {
        try await withHasher { hasher in
            await hasher.shutdown()
            let failure = await #expect(throws: RequestError.self) { _ = try await hasher.hash("password") }
            #expect(failure?.code == .storeUnavailable)
        }
    }
}
