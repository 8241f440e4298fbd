import NIOCore
import Synchronization

/// When numbered things came, each counted from the time that it was due.
final class ArrivalTimes: Sendable {
    private struct State {
        var isHere: [Bool]
        var arrived = 0
        var repeated = 0
        var latencies = Latencies()
    }

    private let warmUp: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - count: how many are expected.
    ///   - warmUp: so many of the first aren't measured.
    init(count: Int, warmUp: Int) {
        self.warmUp = warmUp
        state = Mutex(State(isHere: Array(repeating: false, count: count)))
    }

    var arrived: Int { state.withLock { $0.arrived } }
    /// Those that came twice or were never asked for.
    var repeated: Int { state.withLock { $0.repeated } }
    var latencies: Latencies { state.withLock { $0.latencies } }

    func arrived(_ number: Int?, due: (Int) -> NIODeadline) {
        let now = NIODeadline.now()
        state.withLock { state in
            guard let number, state.isHere.indices.contains(number), !state.isHere[number] else {
                state.repeated += 1
                return
            }
            state.isHere[number] = true
            state.arrived += 1
            if number >= warmUp { state.latencies.record(nanoseconds: (now - due(number)).nanoseconds) }
        }
    }
}
