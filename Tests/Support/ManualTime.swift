package import Actors

/// A clock that stands still until a test moves it.
package final class ManualTime: TimeSource {
    private struct Sleeper {
        let deadline: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var wall: Timestamp
        var uptime: Duration = .zero
        var nextID: UInt64 = 0
        var sleepers: [UInt64: Sleeper] = [:]
        var cancelled: Set<UInt64> = []
    }

    private let state: Locked<State>
    private let sleeperCounts = Recorder<Int>()

    /// - Parameter start: the wall-clock time at first; 2026-01-08T12:00:00Z where nothing is said.
    package init(start: Timestamp = Timestamp(milliseconds: 1_767_873_600_000)) {
        state = Locked(State(wall: start))
    }

    package func now() -> Timestamp {
        state.withLock { $0.wall }
    }

    package func uptime() -> Duration {
        state.withLock { $0.uptime }
    }

    package func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enter(Sleeper(deadline: uptime() + duration, continuation: continuation), id: id)
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Moves the clock on; whoever's time has come is resumed, the earliest deadline first and, of equal ones, who slept first.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.uptime += duration
            state.wall = state.wall.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.uptime }
                .sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
            for (id, _) in due { state.sleepers[id] = nil }
            return due
        }
        for (_, sleeper) in due { sleeper.continuation.resume() }
    }

    /// How many tasks sleep on this clock now.
    package var sleeping: Int {
        state.withLock { $0.sleepers.count }
    }

    /// Returns as soon as `count` tasks have been asleep at one time, now or since the last call.
    package func waitForSleepers(_ count: Int) async {
        if sleeping >= count { return }
        sleeperCounts.removeAll()
        if sleeping >= count { return }
        await sleeperCounts.wait { $0.contains { $0 >= count } }
    }

    private func enter(_ sleeper: Sleeper, id: UInt64) {
        let outcome = state.withLock { state -> Result<Int, any Error>? in
            if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
            if sleeper.deadline <= state.uptime { return nil }
            state.sleepers[id] = sleeper
            return .success(state.sleepers.count)
        }
        switch outcome {
        case .success(let count): sleeperCounts.append(count)
        case .failure(let error): sleeper.continuation.resume(throwing: error)
        case nil: sleeper.continuation.resume()
        }
    }

    /// A cancellation may come before the sleeper is entered, so its number is kept; where it comes after the sleeper woke, the number stays
    /// unused: a few bytes in a test.
    private func cancel(_ id: UInt64) {
        let sleeper = state.withLock { state -> Sleeper? in
            if let sleeper = state.sleepers.removeValue(forKey: id) { return sleeper }
            state.cancelled.insert(id)
            return nil
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
