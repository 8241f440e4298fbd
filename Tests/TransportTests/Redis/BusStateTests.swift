import Actors
import TestSupport
import Testing
import Transport

@Suite("The bus's life is told change by change")
struct BusStateTests {
    private func state(required: Bool = false) -> BusState {
        var state = BusState(isRequired: required)
        #expect(state.start() == true)
        return state
    }

    @Test func itStartsOnce() {
        var state = BusState(isRequired: false)
        #expect(state.phase == .initial && state.status == .reconnecting && state.acceptsHints)
        #expect(state.start() == true)
        #expect(state.start() == false)
        #expect(state.phase == .connecting)
    }

    @Test func reachedInTimeItIsInitialized() {
        var state = state()
        #expect(state.subscribed(at: .seconds(1)) == .initialized)
        #expect(state.status == .connected)
        #expect(state.startTimedOut() == .none)
        #expect(state.phase == .subscribed)
        #expect(state.subscribed(at: .seconds(2)) == .unwanted)
    }

    @Test func givenUpAtBootItIsEnabledLater() {
        var state = state()
        #expect(state.startTimedOut() == .disable)
        #expect(state.status == .unreached && !state.acceptsHints)
        #expect(state.lost(at: .seconds(6)) == false)
        #expect(state.subscribed(at: .seconds(9)) == .enabled)
        #expect(state.status == .connected && state.acceptsHints)
    }

    @Test func requiredAndNotReachedItFails() {
        var state = state(required: true)
        #expect(state.startTimedOut() == .fail)
        #expect(state.phase == .stopped && state.status == .disabled)
        #expect(state.subscribed(at: .seconds(9)) == .unwanted)
    }

    @Test func lostAndRestoredItSaysForHowLong() {
        var state = state()
        #expect(state.subscribed(at: .seconds(1)) == .initialized)
        #expect(state.lost(at: .seconds(10)) == true)
        #expect(state.lost(at: .seconds(11)) == false)
        #expect(state.phase == .lost(since: .seconds(10)) && state.status == .reconnecting && state.acceptsHints)
        #expect(state.startTimedOut() == .none)
        #expect(state.subscribed(at: .milliseconds(13_500)) == .restored(down: .milliseconds(3_500)))
    }

    @Test func itIsTriedAgainUnlessItStandsOrIsOver() {
        var generator = SeededGenerator(seed: 7)
        var state = state()
        for ceiling in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let delay = state.nextAttempt(using: &generator)
            #expect(delay.map { (.zero ... .milliseconds(ceiling)).contains($0) } == true)
        }
        #expect(state.subscribed(at: .zero) == .initialized)
        #expect(state.nextAttempt(using: &generator) == nil)
        #expect(state.lost(at: .zero) == true)
        #expect(state.nextAttempt(using: &generator).map { $0 <= .milliseconds(100) } == true)
        state.stop()
        #expect(state.nextAttempt(using: &generator) == nil)
    }

    @Test func probesGoOutEveryInterval() {
        var state = state()
        _ = state.subscribed(at: .seconds(100))
        #expect(state.probe(at: .seconds(100)) == (.send, next: .seconds(2)))
        state.probeReturned(at: .milliseconds(100_010))
        #expect(state.probe(at: .seconds(101)) == (.wait, next: .seconds(1)))
        #expect(state.probe(at: .seconds(102)) == (.send, next: .seconds(2)))
        #expect(state.probe(at: .milliseconds(103_500)) == (.wait, next: .milliseconds(500)))
    }

    @Test func withoutAProbeForFourSecondsItIsLost() {
        var state = state()
        _ = state.subscribed(at: .seconds(100))
        _ = state.probe(at: .seconds(100))
        state.probeReturned(at: .seconds(101))
        #expect(state.probe(at: .seconds(102)) == (.send, next: .seconds(2)))
        #expect(state.probe(at: .seconds(104)) == (.send, next: .seconds(1)))
        #expect(state.probe(at: .milliseconds(104_999)) == (.wait, next: .milliseconds(1)))
        #expect(state.probe(at: .seconds(105)) == (.lost, next: .zero))
    }

    @Test func aNewConnectionOwesNoOldProbes() {
        var state = state()
        _ = state.subscribed(at: .seconds(1))
        _ = state.lost(at: .seconds(2))
        state.probeReturned(at: .seconds(3))
        _ = state.subscribed(at: .seconds(60))
        #expect(state.probe(at: .seconds(60)) == (.send, next: .seconds(2)))
        #expect(state.probe(at: .seconds(64)) == (.lost, next: .zero))
    }
}
