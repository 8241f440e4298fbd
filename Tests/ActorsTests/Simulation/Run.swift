import Actors

/// What came of one run.
struct RunResult {
    let violation: Violation?
    let deliveries: Int
    let acknowledgements: Int
    let steps: Int
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
            deliveries: checker.deliveries,
            acknowledgements: checker.acknowledgements.count,
            steps: scheduler.steps,
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
