import Actors
import Logging
import TestSupport
import Testing

@Suite("A kick is true in the store first, then here, then on the bus", .timeLimit(.minutes(3)))
struct ModerationTests {
    @Test func aBanEndsEverySessionOfTheUserAndNobodyElses() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        let bob = try await instance.register("bob")
        let hers = [await instance.connect(ada), await instance.connect(ada)]
        let his = await instance.connect(bob)
        let outcome = try await instance.moderation.ban(ada.user.userID, by: bob.user.userID, reason: "spam")
        #expect(outcome.user.isSuspended)
        #expect(outcome.closedHere == 2)
        for connection in hers {
            #expect(connection.outbound.closeReason == .suspended)
            #expect(await connection.errors(1) == [.suspended])
        }
        #expect(his.outbound.closeReason == nil)
        let log = try await instance.store.auditLog(before: nil, limit: 10)
        #expect(log.map(\.action) == [.ban])
        #expect(log.first?.reason == "spam")
    }

    @Test func aBanIsPublishedWithTheNewEpoch() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        _ = try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil)
        guard case .kick(let kick) = await instance.bus.published.wait(count: 1).first else {
            Issue.record("nothing was published")
            return
        }
        #expect(kick == .ban(ada.user.userID, authEpoch: 1))
    }

    @Test func nothingIsClosedOrPublishedWhereTheStoreFails() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        let connection = await instance.connect(ada)
        await instance.store.failNext(.setSuspended, StoreError(.unavailable, "gone"))
        await #expect(throws: RequestError.self) { try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil) }
        #expect(connection.outbound.closeReason == nil)
        #expect(instance.bus.published.elements.isEmpty)
    }

    @Test func anUnknownUserIsNotFound() async {
        let instance = Instance()
        let error = await #expect(throws: RequestError.self) {
            try await instance.moderation.ban(UserID(high: 9, low: 9), by: nil, reason: nil)
        }
        #expect(error?.code == .notFound)
    }

    @Test func revokingAllClosesWithRemoved() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        let connection = await instance.connect(ada)
        let outcome = try await instance.moderation.revokeAll(ada.user.userID, by: nil)
        #expect(outcome.closedHere == 1)
        #expect(outcome.revoked == 1)
        #expect(connection.outbound.closeReason == .removed)
        let again = try await instance.accounts.logIn(username: "ada", password: "correct horse", peer: .unknown)
        #expect(await instance.connect(again).isWelcomed)
    }

    @Test func revokingOneLeavesTheOtherSession() async throws {
        let instance = Instance()
        let first = try await instance.register("ada")
        let second = try await instance.accounts.logIn(username: "ada", password: "correct horse", peer: .unknown)
        let ended = await instance.connect(first)
        let kept = await instance.connect(second)
        try await instance.moderation.revokeOne(first.session.sessionID, of: first.user.userID, by: nil)
        #expect(ended.outbound.closeReason == .revoked)
        #expect(kept.outbound.closeReason == nil)
        await #expect(throws: RequestError.self) { try await instance.gate.principal(forToken: first.token) }
        #expect(try await instance.gate.principal(forToken: second.token) == second.principal)
    }

    @Test func aBanThatComesAfterUnbanAndANewLogInClosesNobody() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        _ = try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil)
        _ = try await instance.moderation.unban(ada.user.userID, by: nil, reason: nil)
        await #expect(throws: RequestError.self) { try await instance.gate.principal(forToken: ada.token) }
        let again = try await instance.accounts.logIn(username: "ada", password: "correct horse", peer: .unknown)
        let connection = await instance.connect(again)
        #expect(await instance.moderation.apply(.ban(ada.user.userID, authEpoch: 1), by: .bus, orderedAt: Timestamp(milliseconds: 0)) == 0)
        #expect(connection.outbound.closeReason == nil)
    }
}

@Suite("Accounts are made and entered with a name and a password", .timeLimit(.minutes(3)))
struct AccountsTests {
    @Test(arguments: [("ab", "long enough"), ("a b c", "long enough"), ("ada", "short"), ("ada", String(repeating: "x", count: 129))])
    func refusesNamesAndPasswordsOutsideTheRules(name: String, password: String) async {
        let instance = Instance()
        let error = await #expect(throws: RequestError.self) {
            try await instance.accounts.register(username: name, password: password, peer: .unknown)
        }
        #expect(error?.code == .badRequest)
        #expect(instance.hasher.hashes == 0)
    }

    @Test func aNameIsTakenInWhateverCase() async throws {
        let instance = Instance()
        _ = try await instance.register("Ada")
        let error = await #expect(throws: RequestError.self) { try await instance.register("aDA") }
        #expect(error?.code == .conflict)
    }

    @Test func anUnknownNameAndAWrongPasswordLookTheSame() async throws {
        let instance = Instance()
        _ = try await instance.register("ada")
        let unknown = await #expect(throws: RequestError.self) {
            try await instance.accounts.logIn(username: "nobody", password: "correct horse", peer: .unknown)
        }
        let wrong = await #expect(throws: RequestError.self) {
            try await instance.accounts.logIn(username: "ada", password: "wrong horse", peer: .unknown)
        }
        #expect(unknown == wrong)
        #expect(instance.hasher.verifications == 2)
    }

    @Test func tenFailuresCloseTheDoorForFiveMinutes() async throws {
        let instance = Instance()
        _ = try await instance.register("ada")
        for _ in 0..<10 {
            _ = try? await instance.accounts.logIn(username: "ada", password: "wrong horse", peer: .unknown)
        }
        let error = await #expect(throws: RequestError.self) {
            try await instance.accounts.logIn(username: "ADA", password: "correct horse", peer: .unknown)
        }
        #expect(error?.code == .rateLimited)
        #expect(instance.hasher.verifications == 10)
        instance.time.advance(by: .seconds(300))
        _ = try await instance.accounts.logIn(username: "ada", password: "correct horse", peer: .unknown)
    }

    private func attempt(_ instance: Instance, _ password: String, name: String = "ada", from address: String? = nil) async -> RequestError?
    {
        let peer = PeerInfo(userAgent: nil, address: address)
        do {
            _ = try await instance.accounts.logIn(username: name, password: password, peer: peer)
            return nil
        } catch {
            return error
        }
    }

    @Test func failuresCountOverAllInstances() async throws {
        let (store, time) = (InMemoryStore(), ManualTime())
        let shared = SharedFailures(time: time)
        let a = Instance("A", store: store, time: time, sharedFailures: shared)
        let b = Instance("B", store: store, time: time, sharedFailures: shared)
        _ = try await a.register("ada")
        _ = try await a.register("bob")
        for instance in [a, b] {
            for _ in 0..<5 { #expect(await attempt(instance, "wrong horse")?.code == .unauthenticated) }
        }
        for instance in [a, b] {
            let refused = await attempt(instance, "correct horse", name: "ADA")
            #expect(refused?.code == .rateLimited)
            #expect(refused?.retryAfter == .seconds(300))
            #expect(instance.hasher.verifications == 5)
            #expect(await attempt(instance, "correct horse", name: "bob") == nil)
        }
        time.advance(by: .seconds(300))
        #expect(await attempt(b, "correct horse") == nil)
    }

    @Test func anAddressThatMustWaitDoesNotCountForANameAnyMore() async throws {
        let time = ManualTime()
        let shared = SharedFailures(time: time)
        let instance = Instance(time: time, sharedFailures: shared)
        _ = try await instance.register("ada")
        // As other instances have counted while the passwords were checked here.
        shared.isHiding = true
        for _ in 0..<10 { shared.count(.address("192.0.2.1")) }
        #expect(await attempt(instance, "wrong horse", from: "192.0.2.1")?.code == .rateLimited)
        #expect(shared.failures(of: .name("ada")) == 0)
    }

    @Test func withoutAWordOfTheOthersAnInstanceCountsForItself() async throws {
        let (store, time) = (InMemoryStore(), ManualTime())
        let shared = SharedFailures(time: time)
        let a = Instance("A", store: store, time: time, sharedFailures: shared)
        let b = Instance("B", store: store, time: time, sharedFailures: shared)
        _ = try await a.register("ada")
        for _ in 0..<5 { _ = await attempt(a, "wrong horse") }
        shared.isAway = true
        for _ in 0..<5 { #expect(await attempt(a, "wrong horse")?.code == .unauthenticated) }
        #expect(await attempt(a, "correct horse")?.code == .rateLimited)
        #expect(await attempt(b, "correct horse") == nil)
    }

    @Test func aSuspendedAccountIsToldSoOnlyWithItsPassword() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        _ = try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil)
        let right = await #expect(throws: RequestError.self) {
            try await instance.accounts.logIn(username: "ada", password: "correct horse", peer: .unknown)
        }
        #expect(right?.code == .accountSuspended)
        let wrong = await #expect(throws: RequestError.self) {
            try await instance.accounts.logIn(username: "ada", password: "wrong horse", peer: .unknown)
        }
        #expect(wrong?.code == .unauthenticated)
    }

    @Test func theFirstAdminIsMadeOnceAndToldByItsID() async throws {
        let lines = Recorder<RecordedLine>()
        let instance = Instance(logger: Logger(label: "Session") { _ in RecordingLogHandler(lines) })
        for _ in 0..<2 { try await instance.accounts.ensureAdmin(username: "root", password: "correct horse") }
        let admin = try await instance.accounts.logIn(username: "root", password: "correct horse", peer: .unknown)
        #expect(admin.user.role == .admin)
        let told = lines.elements.filter { $0.event == "admin_created" }
        #expect(told.map(\.metadata) == [["userId": "\(admin.user.userID)"]])
    }
}
