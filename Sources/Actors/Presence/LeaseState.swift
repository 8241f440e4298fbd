/// What an instance does about its lease, and when: times are uptimes.
package struct LeaseState: Sendable {
    /// The times that all instances of a cluster share.
    package struct Timing: Sendable {
        /// A lease ends this long after its last renewal.
        package static let lifetime = Duration.seconds(15)

        /// From one renewal to the next.
        package var heartbeat: Duration = .seconds(5)
        /// From one look at all leases to the next.
        package var scan: Duration = .seconds(2)
        /// How long somebody else's lease under this id is watched for a renewal.
        package var contest: Duration = .seconds(6)
        /// From one attempt to the next, where the last one failed.
        package var retry: Duration = .milliseconds(500)

        package init() {}
    }

    package enum Action: Hashable, Sendable {
        case wait(Duration)
        case claim
        case takeOver(LeaseHolder)
        case heartbeat
        case scan
    }

    /// What the answer to a claim or a renewal means.
    package enum Verdict: Hashable, Sendable {
        case held
        /// Held anew: nothing of what this instance had put in is there.
        case restored(wasReaped: Bool)
        case notYet
        /// Another process goes by the same id.
        case refuse(LeaseHolder)
    }

    private enum Phase: Sendable {
        case unclaimed
        case contested(LeaseHolder, since: Duration)
        case held
    }

    private let timing: Timing
    private var phase = Phase.unclaimed
    /// Whether this process has held the lease before.
    package private(set) var hasBeenHeld = false
    private var lastAttempt: Duration?
    private var lastHeartbeat: Duration = .zero
    private var lastScan: Duration = .zero

    package init(timing: Timing = Timing()) {
        self.timing = timing
    }

    package var isHeld: Bool {
        if case .held = phase { true } else { false }
    }

    /// What to do at `now`.
    ///
    /// - Parameter isOpen: whether the directory answered last time; where it didn't, a heartbeat is tried soon.
    package mutating func next(at now: Duration, isOpen: Bool) -> Action {
        switch phase {
        case .unclaimed:
            return attempt(.claim, at: now, after: timing.retry)
        case .contested(let holder, let since):
            return now - since >= timing.contest
                ? attempt(.takeOver(holder), at: now, after: timing.retry) : attempt(.claim, at: now, after: timing.retry)
        case .held where !isOpen:
            return attempt(.heartbeat, at: now, after: timing.retry)
        case .held:
            let heartbeatDue = lastHeartbeat + timing.heartbeat
            if now >= heartbeatDue { return attempt(.heartbeat, at: now, after: .zero) }
            let scanDue = lastScan + timing.scan
            if now >= scanDue {
                lastScan = now
                return .scan
            }
            return .wait(min(min(heartbeatDue, scanDue) - now, timing.retry))
        }
    }

    private mutating func attempt(_ action: Action, at now: Duration, after pause: Duration) -> Action {
        if let lastAttempt, now < lastAttempt + pause { return .wait(lastAttempt + pause - now) }
        lastAttempt = now
        return action
    }

    package mutating func claimed(_ claim: LeaseClaim, at now: Duration) -> Verdict {
        switch (claim, phase) {
        case (.claimed(let wasReaped), _):
            phase = .held
            hasBeenHeld = true
            lastHeartbeat = now
            lastScan = now - timing.scan
            return .restored(wasReaped: wasReaped)
        case (.held(let holder), .contested(let known, _)) where known.version != holder.version:
            return .refuse(holder)
        case (.held, .contested):
            return .notYet
        case (.unclear, _):
            phase = .unclaimed
            return .notYet
        case (.held(let holder), .unclaimed), (.held(let holder), .held):
            phase = .contested(holder, since: now)
            return .notYet
        }
    }

    /// A dead process's lease was ended, or it was renewed at the last moment.
    package mutating func tookOver(_ reaped: ReapedInstance?) {
        // Either way the next claim shows who holds it.
        if reaped != nil { phase = .unclaimed }
        lastAttempt = nil
    }

    package mutating func renewed(_ renewal: LeaseRenewal, at now: Duration) -> Verdict {
        switch renewal {
        case .renewed:
            lastHeartbeat = now
            return .held
        case .gone:
            lost()
            return .notYet
        case .foreign(let holder):
            return .refuse(holder)
        }
    }

    /// The lease is not there any more: it is to be claimed at once.
    package mutating func lost() {
        phase = .unclaimed
        lastAttempt = nil
    }
}
