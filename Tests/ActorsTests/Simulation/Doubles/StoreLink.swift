import Actors
import TestSupport

/// What can be wrong between an instance and the store.
enum StoreFault: CaseIterable {
    /// Refuses at once.
    case isDown
    /// Answers nothing, until the caller gives up.
    case hangs
    case isSlow
    /// Requests or answers get lost: of a write it is not known whether it happened.
    case losesAnswers
}

/// One instance's way to the store.
final class StoreLink: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    let time: any TimeSource
    private let freezer: Freezer
    /// What is on its way arrives whatever becomes of the process.
    let outside: any TimeSource
    private let scheduler: Scheduler
    private var random: SeededGenerator
    private var faults: [StoreFault] = []
    /// The process has ended: it reaches nothing any more.
    private(set) var isCut = false
    /// Since when nothing is wrong.
    private var soundSince: Duration

    init(_ scheduler: Scheduler, time: any TimeSource, freezer: Freezer, seed: UInt64) {
        self.scheduler = scheduler
        self.time = time
        self.freezer = freezer
        outside = VirtualTime(scheduler)
        random = SeededGenerator(seed: seed)
        soundSince = scheduler.now
    }

    func cut() {
        isCut = true
    }

    func begin(_ fault: StoreFault) {
        faults.append(fault)
    }

    func end(_ fault: StoreFault) {
        guard let index = faults.firstIndex(of: fault) else { return }
        faults.remove(at: index)
        soundSince = scheduler.now
    }

    /// Whether nothing has been wrong for at least `duration`.
    func isSound(for duration: Duration) -> Bool {
        faults.isEmpty && !isCut && scheduler.now - soundSince >= duration && freezer.hasRun(for: duration)
    }

    private var latency: Duration {
        let slow = faults.contains(.isSlow)
        return .microseconds(Int64.random(in: slow ? 20_000...500_000 : 200...6_000, using: &random))
    }

    /// The request's way.
    ///
    /// - Throws: where it doesn't arrive.
    func request() async throws(StoreError) {
        while freezer.isFrozen { await sleep(.zero) }
        if faults.contains(.hangs) {
            await sleep(.milliseconds(1_000))
            throw StoreError(.timeout, "simulated")
        }
        try? await outside.sleep(for: latency)
        if isCut || faults.contains(.isDown) { throw StoreError(.unavailable, "simulated") }
    }

    /// The answer's way.
    ///
    /// - Throws: where it doesn't arrive.
    func answer() async throws(StoreError) {
        await sleep(latency)
        if isCut || faults.contains(.isDown) || losesNext() { throw StoreError(.timeout, "simulated") }
    }

    /// Whether a request or an answer is lost now.
    func losesNext() -> Bool {
        faults.contains(.losesAnswers) && Bool.random(using: &random)
    }

    /// How long a writer takes from its first write to its second.
    func raiseDelay() -> Duration {
        .microseconds(Int64.random(in: 0...Int64.random(in: 1_000...StoreCore.raiseDelay.inMicroseconds, using: &random), using: &random))
    }

    private func sleep(_ duration: Duration) async {
        try? await time.sleep(for: duration)
    }
}
