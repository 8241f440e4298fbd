import Actors
import Testing

@Suite("A lease is claimed, renewed and watched at the right time")
struct LeaseStateTests {
    private func holder(_ version: String) -> LeaseHolder {
        LeaseHolder(version: Array(version.utf8), startedAt: "2026-01-08T12:00:00.000Z", host: "elsewhere")
    }

    private func held() -> LeaseState {
        var state = LeaseState()
        let result1 = state.next(at: .zero, isOpen: false)
        #expect(result1 == .claim)
        let result2 = state.claimed(.claimed(wasReaped: false), at: .zero)
        #expect(result2 == .restored(wasReaped: false))
        return state
    }

    @Test("Held, it is renewed every five seconds, and all leases are looked at every two")
    func rhythm() {
        var state = held()
        var actions: [LeaseState.Action] = []
        for millisecond in stride(from: 0, through: 10_500, by: 100) {
            let action = state.next(at: .milliseconds(millisecond), isOpen: true)
            if case .wait = action { continue }
            actions.append(action)
            if action == .heartbeat { let result3 = state.renewed(.renewed, at: .milliseconds(millisecond)); #expect(result3 == .held) }
        }
        #expect(actions == [.scan, .scan, .scan, .heartbeat, .scan, .scan, .heartbeat, .scan])
    }

    @Test("A look that takes two seconds is followed by the next at once, with the heartbeats in between")
    func longScans() {
        var state = held()
        var now = Duration.zero
        var actions: [LeaseState.Action] = []
        while now < .seconds(14) {
            let action = state.next(at: now, isOpen: true)
            actions.append(action)
            switch action {
            case .scan:
                now += .seconds(2)
            case .heartbeat:
                let verdict = state.renewed(.renewed, at: now)
                #expect(verdict == .held)
            default:
                Issue.record("\(action) at \(now)")
                return
            }
        }
        #expect(actions == [.scan, .scan, .scan, .heartbeat, .scan, .scan, .scan, .heartbeat, .scan])
    }

    @Test("While the directory is away a heartbeat is tried twice a second")
    func away() {
        var state = held()
        var tried: [Int] = []
        for millisecond in stride(from: 100, through: 2_100, by: 100)
        where state.next(at: .milliseconds(millisecond), isOpen: false) == .heartbeat { tried.append(millisecond) }
        #expect(tried == [500, 1_000, 1_500, 2_000])
    }

    @Test("A lease that is gone is claimed at once, and everything is put in again")
    func gone() {
        var state = held()
        let result4 = state.renewed(.gone, at: .seconds(5))
        #expect(result4 == .notYet)
        #expect(!state.isHeld)
        let result5 = state.next(at: .seconds(5), isOpen: false)
        #expect(result5 == .claim)
        let result6 = state.claimed(.claimed(wasReaped: true), at: .seconds(5))
        #expect(result6 == .restored(wasReaped: true))
    }

    @Test("Somebody else's token in the own lease ends it")
    func foreign() {
        var state = held()
        let result7 = state.renewed(.foreign(holder("other")), at: .seconds(5))
        #expect(result7 == .refuse(holder("other")))
    }

    @Test("A dead process's lease is taken over after six seconds")
    func takeOver() {
        var state = LeaseState()
        let result8 = state.next(at: .zero, isOpen: false)
        #expect(result8 == .claim)
        let result9 = state.claimed(.held(holder("dead")), at: .zero)
        #expect(result9 == .notYet)
        let result10 = state.next(at: .milliseconds(100), isOpen: false)
        #expect(result10 == .wait(.milliseconds(400)))
        for second in 1...5 {
            let result11 = state.next(at: .seconds(second), isOpen: false)
            #expect(result11 == .claim)
            let result12 = state.claimed(.held(holder("dead")), at: .seconds(second))
            #expect(result12 == .notYet)
        }
        let result13 = state.next(at: .seconds(6), isOpen: false)
        #expect(result13 == .takeOver(holder("dead")))
        state.tookOver(ReapedInstance(instanceID: "A", users: 0, offline: 0))
        let result14 = state.next(at: .seconds(6), isOpen: false)
        #expect(result14 == .claim)
    }

    @Test("A live process's lease refuses this one")
    func refused() {
        var state = LeaseState()
        let result15 = state.next(at: .zero, isOpen: false)
        #expect(result15 == .claim)
        let result16 = state.claimed(.held(holder("first")), at: .zero)
        #expect(result16 == .notYet)
        let result17 = state.claimed(.held(holder("renewed")), at: .seconds(3))
        #expect(result17 == .refuse(holder("renewed")))
    }

    @Test("Users are refreshed well before they expire")
    func slots() {
        #expect(LeaseKeeper.refreshSlots(expiry: .seconds(86_400), heartbeat: .seconds(5)) == 60)
        #expect(LeaseKeeper.refreshSlots(expiry: .seconds(60), heartbeat: .seconds(5)) == 4)
        #expect(LeaseKeeper.refreshSlots(expiry: .seconds(1), heartbeat: .seconds(5)) == 1)
    }
}
