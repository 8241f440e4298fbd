import Testing

@testable import Actors

@Suite("A connection's life is a value")
struct SessionStateTests {
    private let principal = Principal(
        userID: UserID(high: 1, low: 1),
        username: "ada",
        role: .user,
        sessionID: SessionID(high: 2, low: 2),
        authEpoch: 0,
        expiresAt: Timestamp(milliseconds: 100_000)
    )

    private func state(_ principal: Principal?) -> SessionState {
        SessionState(principal: principal, heartbeat: .seconds(25), tokenTimeout: .seconds(10), now: .zero)
    }

    private func tick(_ state: inout SessionState, _ second: Int, wallClock: Int64 = 0) -> SessionState.TickAction {
        state.tick(now: .seconds(second), wallClock: Timestamp(milliseconds: wallClock))
    }

    @Test func waitsTenSecondsForAToken() {
        var state = state(nil)
        #expect(tick(&state, 9) == .none)
        #expect(tick(&state, 10) == .end(.unauthenticated))
    }

    @Test func takesOneTokenOnly() {
        var state = state(nil)
        #expect(state.beginAuthentication() == true)
        #expect(state.beginAuthentication() == false)
        #expect(tick(&state, 11) == .none)
        #expect(state.beginJoining(principal) == true)
        #expect(state.goLive(principal) == true)
        #expect(state.livePrincipal == principal)
        #expect(state.beginAuthentication() == false)
    }

    @Test func goesNowhereOnceClosed() {
        var state = state(principal)
        #expect(state.close() == true)
        #expect(state.close() == false)
        #expect(state.goLive(principal) == false)
        #expect(state.beginAuthentication() == false)
        #expect(tick(&state, 1_000, wallClock: .max) == .none)
    }

    @Test func pingsEachHeartbeatAndEndsAfterTwoAndAHalf() {
        var state = state(principal)
        #expect(tick(&state, 24) == .none)
        #expect(tick(&state, 25) == .ping)
        #expect(tick(&state, 26) == .none)
        #expect(tick(&state, 50) == .ping)
        #expect(tick(&state, 62) == .none)
        #expect(tick(&state, 63) == .end(.heartbeatTimeout))
    }

    @Test func aSignOfLifeKeepsItOpen() {
        var state = state(principal)
        state.noteActivity(at: .seconds(60))
        #expect(tick(&state, 122) == .ping)
        #expect(tick(&state, 123) == .end(.heartbeatTimeout))
    }

    @Test func endsWhenTheTokenRunsOut() {
        var state = state(principal)
        _ = state.goLive(principal)
        #expect(tick(&state, 1, wallClock: 99_999) == .none)
        #expect(tick(&state, 1, wallClock: 100_000) == .end(.tokenExpired))
    }

    @Test func drainsAtItsOwnTimeOnce() {
        var state = state(principal)
        #expect(state.timeLeft(at: .zero) == nil)
        #expect(state.drain(until: .seconds(5)) == true)
        #expect(state.drain(until: .seconds(9)) == false)
        #expect(state.timeLeft(at: .seconds(2)) == .seconds(3))
        #expect(state.timeLeft(at: .seconds(7)) == .zero)
        #expect(tick(&state, 4) == .none)
        #expect(tick(&state, 5) == .end(.goingAway))
    }

    @Test func whatIsUnderWayWhenItDrainsHasASecondMore() {
        var state = state(principal)
        _ = state.drain(until: .seconds(5))
        #expect(state.tick(now: .seconds(5), wallClock: Timestamp(milliseconds: 0), isAnswering: true) == .none)
        #expect(state.tick(now: .milliseconds(5_999), wallClock: Timestamp(milliseconds: 0), isAnswering: true) == .none)
        #expect(state.tick(now: .seconds(6), wallClock: Timestamp(milliseconds: 0), isAnswering: true) == .end(.goingAway))
    }

    @Test func waitsForASyncButNotWhileOneIsAnswered() {
        var state = state(principal)
        _ = state.goLive(principal, syncDeadline: .seconds(10))
        #expect(tick(&state, 9) == .none)
        state.syncArrived()
        #expect(tick(&state, 11) == .none, "the store may take its time")
        #expect(state.awaitsSync)
        state.expectSync(until: .seconds(12))
        #expect(tick(&state, 12) == .none, "another one was refused meanwhile")
        state.syncEnded(nextBy: .seconds(21))
        #expect(tick(&state, 20) == .none)
        #expect(tick(&state, 21) == .end(.syncExpected))
        state.syncAnswered()
        #expect(!state.awaitsSync)
        state.expectSync(until: .seconds(23))
        #expect(tick(&state, 23) == .none, "it has had its SYNC")
    }

    @Test func waitsForNoSyncThatCameBeforeItWentLive() {
        var state = state(principal)
        state.syncArrived()
        _ = state.goLive(principal, syncDeadline: .seconds(10))
        #expect(state.awaitsSync)
        #expect(tick(&state, 11) == .none)
        state.syncEnded(nextBy: .seconds(21))
        #expect(tick(&state, 21) == .end(.syncExpected))
    }
}
