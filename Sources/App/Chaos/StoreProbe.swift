import Actors
import Transport

/// Asks the database itself, past the links, how long it takes to answer: what comes late because a test's server is slow says nothing of the
/// instances.
final class StoreProbe: Sendable {
    private static let interval = Duration.milliseconds(200)
    /// An answer that takes longer is time in which the store did not answer.
    static let least = Duration.milliseconds(500)

    private let store: any ClosableStore
    private let clock: RunClock
    private let found = Locked<[StallRecord]>([])
    private let answers = Locked<[Duration]>([])

    init(store: any ClosableStore, clock: RunClock) {
        self.store = store
        self.clock = clock
    }

    /// The times without an answer.
    var stalls: [StallRecord] { found.withLock { $0 } }

    /// How long each answer took.
    var answerTimes: [Duration] { answers.withLock { $0 } }

    /// Asks until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let began = clock.now
            // Without an answer it has failed for as long as it took.
            _ = try? await store.watermark()
            let ended = clock.now
            if Task.isCancelled { return }
            answers.withLock { $0.append(ended - began) }
            if ended - began > Self.least { found.withLock { $0.append(StallRecord(began: began, ended: ended)) } }
            try? await Task.sleep(for: Self.interval)
        }
    }
}
