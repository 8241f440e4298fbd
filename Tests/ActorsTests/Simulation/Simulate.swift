import Glibc

/// Runs seeds, one after the other, until one breaks a promise.
@main
enum Simulate {
    nonisolated static func main() {
        hashTheSameWay()
        GlobalExecutor.takeOver()
        do {
            exit(simulate(try Options(CommandLine.arguments.dropFirst())))
        } catch {
            print(error.text)
            exit(64)
        }
    }

    /// The order in which dictionaries are walked is part of a run: it must be the same in every process.
    private nonisolated static func hashTheSameWay() {
        guard getenv("SWIFT_DETERMINISTIC_HASHING") == nil else { return }
        setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        fatalError("this program can't be started again: errno \(errno)")
    }

    /// - Returns: the status to end with.
    private nonisolated static func simulate(_ options: Options) -> Int32 {
        var counts = RunCounts()
        for seed in options.first..<options.first + options.seeds {
            let result = Run.run(Plan(seed: seed), mutation: options.mutation, keepsHistory: options.printsHistory)
            if options.printsHistory { print(result.history.joined(separator: "\n")) }
            counts += result.counts
            if let violation = result.violation {
                report(seed, violation, options)
                return 1
            }
        }
        print("\(options.seeds) seeds from \(options.first): \(counts), nothing broken")
        return 0
    }

    private nonisolated static func report(_ seed: UInt64, _ violation: Violation, _ options: Options) {
        print("seed \(seed) breaks \(violation.promise): \(violation.text)")
        guard options.shrinks, !options.printsHistory else { return }
        let plan = Run.shrink(Plan(seed: seed), mutation: options.mutation, promise: violation.promise)
        let result = Run.run(plan, mutation: options.mutation, keepsHistory: true)
        print("the same with as little as possible: \(result.violation?.text ?? "")")
        print(plan.description.joined(separator: "\n"))
        print("history:")
        print(result.history.joined(separator: "\n"))
    }
}
