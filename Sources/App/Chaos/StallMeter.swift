import Actors

/// Notices when this process got no turn on the machine: what its clients saw late meanwhile says nothing of the servers.
final class StallMeter: Sendable {
    private static let interval = Duration.milliseconds(50)
    private static let least = Duration.milliseconds(200)

    private let clock: RunClock
    private let found = Locked<[StallRecord]>([])

    init(clock: RunClock) {
        self.clock = clock
    }

    var stalls: [StallRecord] { found.withLock { $0 } }

    /// Looks until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let began = clock.now
            try? await Task.sleep(for: Self.interval)
            let ended = clock.now
            guard ended - began > Self.interval + Self.least else { continue }
            found.withLock { $0.append(StallRecord(began: began, ended: ended)) }
        }
    }
}
