import Actors

/// The faults of a run, all of them decided by its seed.
struct FaultSchedule: Sendable {
    /// Faults begin only after this, when messages flow.
    static let quietStart = Duration.seconds(3)

    let faults: [Fault]

    /// - Parameters:
    ///   - length: no fault begins after it.
    ///   - instances: how many there are.
    init(seed: UInt64, length: Duration, database: BenchDatabase.Kind, instances: Int) {
        var generator = SplitMix64(seed: seed)
        let possible = FaultKind.allCases.filter { $0.isPossible(on: database) }
        var deck: [FaultKind] = []
        var actions: [KickRecord.Action] = []
        var faults: [Fault] = []
        var now = Self.quietStart
        while now < length {
            // Each kind comes before any comes again.
            if deck.isEmpty { deck = possible.shuffled(using: &generator) }
            if actions.isEmpty { actions = KickRecord.Action.allCases.shuffled(using: &generator) }
            let kind = deck.removeLast()
            let duration = Duration.milliseconds(Int.random(in: kind.milliseconds, using: &generator))
            let fault = Fault(
                kind: kind,
                at: now,
                duration: duration,
                instance: kind.isOfOneInstance ? Int.random(in: 0..<instances, using: &generator) : nil,
                kick: actions.removeLast(),
                kickAt: now + duration * Double.random(in: kind == .nothing ? 0.7...0.8 : 0...1, using: &generator)
            )
            faults.append(fault)
            // Now and then the next one begins before this one is over.
            let overlaps = kind != .nothing && Int.random(in: 0..<4, using: &generator) == 0
            let pause = Duration.milliseconds(Int.random(in: 1_000...4_000, using: &generator))
            now += overlaps ? pause / 2 : duration + pause
        }
        self.faults = faults
    }

    /// One line a fault.
    var lines: [String] {
        faults.map { fault in
            let target = fault.instance.map { " of instance \(ChaosCluster.name($0))" } ?? ""
            let length = fault.duration > .zero ? " for \(fault.duration.milliseconds) ms" : ""
            return
                "\(fault.at.milliseconds) ms: \(fault.kind.rawValue)\(target)\(length); \(fault.kick.rawValue) at \(fault.kickAt.milliseconds) ms"
        }
    }
}
