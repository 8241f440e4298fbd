import Actors

/// How much there was in runs.
struct RunCounts {
    var jobs = 0
    var sends = 0
    var messages = 0
    var deliveries = 0
    var kicks = 0
    var faults = 0
    var ghosts = 0
    var raisedTooLate = 0
    /// By the runs' own clocks.
    var seconds = 0

    static func += (total: inout Self, other: Self) {
        total.jobs += other.jobs
        total.sends += other.sends
        total.messages += other.messages
        total.deliveries += other.deliveries
        total.kicks += other.kicks
        total.faults += other.faults
        total.ghosts += other.ghosts
        total.raisedTooLate += other.raisedTooLate
        total.seconds += other.seconds
    }
}

extension RunCounts: CustomStringConvertible {
    var description: String {
        "\(jobs) jobs, \(sends) sends, \(messages) messages, \(deliveries) deliveries, \(kicks) kicks, \(faults) faults, "
            + "\(ghosts) ghosts sought, \(raisedTooLate) raised too late, \(seconds) seconds simulated"
    }
}

/// What came of one run.
struct RunResult {
    let violation: Violation?
    let counts: RunCounts
    let history: [String]
}

/// Carries out one plan from beginning to end.
enum Run {
    /// Past it something goes round for ever.
    private static let stepLimit = 5_000_000

    static func run(_ plan: Plan, mutation: Mutation? = nil, keepsHistory: Bool = false) -> RunResult {
        let world = World(plan, mutation: mutation, keepsHistory: keepsHistory)
        let scheduler = world.scheduler
        let checker = world.checker
        Scheduler.current = scheduler
        Task {
            do {
                try await world.prepare()
                world.begin()
            } catch {
                checker.fail("set-up", "\(error)")
            }
        }
        while checker.violation == nil, scheduler.step() {
            if scheduler.steps > Self.stepLimit { checker.fail("liveness", "no end after \(scheduler.steps) steps") }
        }
        return RunResult(
            violation: checker.violation,
            counts: RunCounts(
                jobs: scheduler.steps,
                sends: world.devices.reduce(0) { $0 + $1.lastMessage },
                messages: checker.acknowledgements.count,
                deliveries: checker.deliveries,
                kicks: checker.kickCount,
                faults: world.faults,
                ghosts: checker.ghostsSought,
                raisedTooLate: world.core.raisedTooLate,
                seconds: Int(scheduler.now.components.seconds)
            ),
            history: world.history.lines
        )
    }

    /// Leaves out of a failing plan whatever it fails without.
    static func shrink(_ plan: Plan, mutation: Mutation?, promise: String) -> Plan {
        var smallest = plan
        var size = max(1, plan.steps.count / 2)
        while true {
            var start = 0
            var isSmaller = false
            while start < smallest.steps.count {
                var candidate = smallest
                candidate.steps.removeSubrange(start..<min(start + size, candidate.steps.count))
                if run(candidate, mutation: mutation).violation?.promise == promise {
                    smallest = candidate
                    isSmaller = true
                } else {
                    start += size
                }
            }
            if size > 1 { size /= 2 } else if !isSmaller { return smallest }
        }
    }
}
