import Actors
import TestSupport
import Testing

@Suite("A session is believed for two seconds, and not past a kick", .timeLimit(.minutes(3)))
struct SessionGateTests {
    private func reads(_ instance: Instance) -> Int {
        instance.store.calls.elements.count { $0 == .sessionRecord }
    }

    @Test func asksTheStoreOnceInTwoSeconds() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        for _ in 0..<5 { _ = try await instance.gate.principal(forToken: ada.token) }
        #expect(reads(instance) == 1)
        instance.time.advance(by: .seconds(2))
        _ = try await instance.gate.principal(forToken: ada.token)
        #expect(reads(instance) == 2)
    }

    @Test func aKickIsSeenAtOnce() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        _ = try await instance.gate.principal(forToken: ada.token)
        _ = try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil)
        let error = await #expect(throws: RequestError.self) { try await instance.gate.principal(forToken: ada.token) }
        #expect(error?.code == .accountSuspended)
    }

    /// The record that a slow read brings is from before the kick: it is read again.
    @Test func whatWasReadBeforeAKickIsNotUsedAfterIt() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        await instance.store.hold(.sessionRecord)
        async let principal = instance.gate.principal(forToken: ada.token)
        await instance.store.calls.wait { $0.contains(.sessionRecord) }
        await instance.gate.forget(ada.user.userID)
        await instance.store.release(.sessionRecord)
        _ = try await principal
        #expect(reads(instance) == 2)
    }

    /// Each log-out on whatever instance is a kick: none of them may cost anybody else a read.
    @Test func aKickOfOthersConcernsNobodyElse() async throws {
        let instance = Instance()
        let (ada, bob) = (try await instance.register("ada"), try await instance.register("bob"))
        await instance.store.hold(.sessionRecord)
        async let principal = instance.gate.principal(forToken: ada.token)
        await instance.store.calls.wait { $0.contains(.sessionRecord) }
        for _ in 0..<20 { await instance.gate.forget(bob.user.userID) }
        await instance.store.release(.sessionRecord)
        #expect(try await principal == ada.principal)
        await instance.gate.forget(bob.user.userID)
        _ = try await instance.gate.principal(forToken: ada.token)
        #expect(reads(instance) == 1)
    }

    @Test func whoIsKickedWithEachReadIsToldToTryAgain() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        await instance.store.hold(.sessionRecord)
        async let answer = code { try await instance.gate.principal(forToken: ada.token) }
        for read in 1...5 {
            await instance.store.calls.wait { $0.count { $0 == .sessionRecord } == read }
            await instance.gate.forget(ada.user.userID)
            await instance.store.step(.sessionRecord)
        }
        #expect(await answer == .storeUnavailable)
        #expect(reads(instance) == 5)
        await instance.store.release(.sessionRecord)
        #expect(try await instance.gate.principal(forToken: ada.token) == ada.principal)
    }

    @Test func nothingIsReadAgainForWhoHasGone() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        await instance.store.hold(.sessionRecord)
        let asking = Task { await code { try await instance.gate.principal(forToken: ada.token) } }
        await instance.store.calls.wait { $0.contains(.sessionRecord) }
        await instance.gate.forget(ada.user.userID)
        asking.cancel()
        await instance.store.release(.sessionRecord)
        #expect(await asking.value == .storeUnavailable)
        #expect(reads(instance) == 1)
    }

    private func code(_ body: () async throws -> Principal) async -> RequestError.Code? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? RequestError)?.code
        }
    }
}

@Suite("When a session was used last is noted now and then, and nobody waits for that", .timeLimit(.minutes(3)))
struct SessionUseTests {
    private let instance = Instance()
    private let ada: LogIn

    init() async throws {
        ada = try await instance.register("ada")
    }

    private var notes: Int { instance.store.calls.elements.count { $0 == .touchSession } }

    private func lastSeen() async throws -> Timestamp? {
        try await instance.store.sessionRecord(ada.session.sessionID, of: ada.user.userID)?.session.lastSeen
    }

    /// As each HTTP request does.
    private func use() async throws {
        _ = try await instance.gate.principal(forToken: ada.token)
    }

    @Test func aRequestIsAUse() async throws {
        instance.time.advance(by: .seconds(300))
        try await use()
        instance.time.advance(by: .seconds(2))
        try await use()
        await instance.store.calls.wait { $0.contains(.touchSession) }
        #expect(notes == 1, "the first one was no longer than five minutes after the log-in")
        #expect(try await lastSeen() == instance.time.now())
    }

    @Test func noRequestWaitsForItsNote() async throws {
        await instance.store.hold(.touchSession)
        instance.time.advance(by: .seconds(301))
        let used = instance.time.now()
        try await use()
        await instance.store.calls.wait { $0.contains(.touchSession) }
        // Read anew, while the note is under way.
        instance.time.advance(by: .seconds(2))
        try await use()
        await instance.store.release(.touchSession)
        try await settle(seen: used)
        #expect(notes == 1)
    }

    @Test func aNoteThatFailedIsMadeUpForByTheNext() async throws {
        await instance.store.failNext(.touchSession, StoreError(.unavailable, "gone"))
        instance.time.advance(by: .seconds(301))
        try await use()
        await instance.store.calls.wait { $0.contains(.touchSession) }
        repeat {
            instance.time.advance(by: .seconds(2))
            try await use()
            await Task.yield()
        } while notes < 2
        while try await lastSeen() == ada.session.lastSeen { await Task.yield() }
    }

    @Test func soIsTheFrameOfAConnectionThatStays() async throws {
        let connection = await instance.connect(ada)
        instance.time.advance(by: .seconds(299))
        await connection.receive(.success(.ping))
        instance.time.advance(by: .seconds(1))
        await connection.receive(.success(.ping))
        await connection.receive(.success(.ping))
        await instance.store.calls.wait { $0.contains(.touchSession) }
        try await settle(seen: instance.time.now())
        #expect(notes == 1)
    }

    private func settle(seen time: Timestamp) async throws {
        while try await lastSeen() != time { await Task.yield() }
    }
}
