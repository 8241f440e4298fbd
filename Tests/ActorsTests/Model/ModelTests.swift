import Testing

@testable import Actors

@Suite("Values of the protocol are read strictly")
struct ModelTests {
    private static let low = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
    private static let high = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c"

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_767_873_600_000, "2026-01-08T12:00:00.000Z"), (951_782_400_123, "2000-02-29T00:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
    ])
    func timesAreWrittenAsRFC3339(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test(arguments: ["dm:\(low):\(high)", "dm:\(low):\(low)", "ch:general", "ch:a.b-c_9"])
    func conversationIDsAreReadAndWritten(text: String) {
        #expect(ConversationID(text)?.description == text)
    }

    @Test(arguments: [
        "dm:\(high):\(low)", "dm:\(low)", "dm:\(low):\(high):\(high)", "dm::", "ch:", "ch:General", "ch:a b", "general", "",
        "ch:" + String(repeating: "a", count: 65), "ch:é", "ch:e\u{301}", "ch", "dm:",
        "dm:\(low.uppercased()):\(high)", "dm:\(low):\(high) ",
        "dm:\(low)\(high)", "dm:\(low.dropLast()):\(high)", "dm:\(low.replacing("-", with: "0")):\(high)", "Dm:\(low):\(high)",
    ])
    func otherConversationIDsAreRefused(text: String) {
        #expect(ConversationID(text) == nil)
    }

    @Test func aDirectMessageIsForTheOtherPerson() throws {
        let one = try #require(UserID(Self.low))
        let other = try #require(UserID(Self.high))
        #expect(UserPair(other, one).first == one)
        #expect(UserPair(one, other).other(than: other) == one)
        #expect(UserPair(one, one).other(than: one) == one)
    }

    @Test(arguments: ["ab", String(repeating: "a", count: 33), "a b c", "näme", "a'; --", "{\"$gt\": \"\"}", "abc\0"])
    func namesOutsideTheRulesAreRefused(name: String) {
        #expect(Username(name) == nil)
    }

    @Test(arguments: ["", String(repeating: "x", count: 65), "ü", "a\n", "\u{7f}"])
    func clientMessageIDsOutsideTheRulesAreRefused(text: String) {
        #expect(ClientMessageID(text) == nil)
    }
}

@Suite("A kick ends the sessions that it names and no others")
struct KickTests {
    private let user = UserID(high: 1, low: 1)
    private let session = SessionID(high: 2, low: 2)

    @Test func aBanEndsEarlierEpochsOnly() {
        let ban = Kick.ban(user, authEpoch: 3)
        #expect(ban.reason(forSession: session, authEpoch: 2) == .suspended)
        #expect(ban.reason(forSession: session, authEpoch: 3) == nil)
    }

    @Test func aRevocationOfAllEndsEarlierEpochsOnly() {
        let kick = Kick.revokeAll(user, authEpoch: 3)
        #expect(kick.reason(forSession: session, authEpoch: 0) == .removed)
        #expect(kick.reason(forSession: session, authEpoch: 4) == nil)
    }

    @Test func aRevocationOfOneEndsThatSessionAlone() {
        let kick = Kick.revokeOne(user, session)
        #expect(kick.reason(forSession: session, authEpoch: 9) == .revoked)
        #expect(kick.reason(forSession: SessionID(high: 2, low: 3), authEpoch: 0) == nil)
    }

    @Test func aSessionIsRefusedForTheWeightiestReason() {
        let now = Timestamp(milliseconds: 10)
        func refusal(suspended: Bool = false, epoch: Int64 = 0, revoked: Bool = false, expires: Int64 = 20) -> EndReason? {
            let account = User(
                userID: user,
                username: "ada",
                role: .user,
                isSuspended: suspended,
                authEpoch: epoch,
                createdAt: now
            )
            let logIn = Session(
                sessionID: session,
                userID: user,
                authEpoch: 0,
                createdAt: now,
                expiresAt: Timestamp(milliseconds: expires),
                lastSeen: now,
                userAgent: nil,
                address: nil,
                isRevoked: revoked
            )
            return SessionRecord(user: account, session: logIn, stamp: Stamp(0)).refusal(at: now)
        }
        #expect(refusal() == nil)
        #expect(refusal(suspended: true, epoch: 1, revoked: true) == .suspended)
        #expect(refusal(epoch: 1, revoked: true) == .removed)
        #expect(refusal(revoked: true) == .revoked)
        #expect(refusal(expires: 10) == .tokenExpired)
    }
}
