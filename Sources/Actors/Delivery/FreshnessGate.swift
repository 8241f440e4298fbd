/// Whether this instance knows enough of bans and revocations to accept commands and to deliver.
package final class FreshnessGate: Sendable {
    private let time: any TimeSource
    private let state: Locked<Freshness>

    package init(time: any TimeSource) {
        self.time = time
        state = Locked(Freshness(now: time.uptime()))
    }

    package var isStale: Bool {
        let now = time.uptime()
        return state.withLock { $0.isStale(at: now) }
    }

    /// Whether the instance has reached neither store nor bus for so long that it closes its sessions.
    package func isCutOff(bus: BusStatus) -> Bool {
        let now = time.uptime()
        return state.withLock { $0.isCutOff(at: now, bus: bus) }
    }

    /// How long ago the last complete read of bans and revocations began.
    package var age: Duration {
        let now = time.uptime()
        return state.withLock { $0.age(at: now) }
    }

    func note(readBegan began: Duration) {
        state.withLock { $0.note(readBegan: began) }
    }
}
