import TestSupport

/// What is done to a cluster in a run, all of it chosen by the seed. A plan with events left out is a plan too.
struct Plan {
    /// Where a message goes: to another person, or to a channel.
    enum Target {
        case person(Int)
        case hall
        case lobby
    }

    enum Action {
        case enable(device: Int)
        case send(device: Int, Target, count: Int)
        case edit(device: Int, Int)
        case markRead(device: Int)
        case join(device: Int, keeping: Bool)
        case leave(device: Int)
        /// `to`: the instance that it comes back to; nil for any.
        case drop(device: Int, noticedAfter: Duration, away: Duration, to: Int? = nil)
        case forget(device: Int)
        case slow(device: Int, Duration)
        case ban(person: Int, on: Int, lifted: Duration)
        case revokeAll(person: Int, on: Int)
        case revokeOne(device: Int, on: Int)
        case store(StoreFault, instance: Int, Duration)
        case bus(BusFault, instance: Int, Duration)
        /// All instances at once.
        case busDown(Duration)
        /// Redis forgets everything.
        case flush
        /// Redis saves what it holds.
        case save
        /// Redis is away that long, and starts again with what it has saved.
        case restart(Duration)
        /// Everybody's devices stay away until everything is healed.
        case stayAway(person: Int)
        /// The process stands still.
        case freeze(instance: Int, Duration)
        /// The process is stopped in order.
        case drain(instance: Int, restarted: Duration)
        /// `silent`: whoever was connected there alone stays away until everything is healed.
        case crash(instance: Int, restarted: Duration, silent: Bool)
    }

    struct Step {
        let at: Duration
        let action: Action
    }

    static let devices = [0, 0, 1, 1, 2, 3]
    static let people = 4
    /// Those of one device a person: they join and leave the lobby.
    static let wanderers = [4, 5]

    let seed: UInt64
    let instances: Int
    let raisesLater: Bool
    let isTargeted: Bool
    var steps: [Step]

    /// When everything is healed.
    var end: Duration {
        let end = steps.map { $0.at + $0.action.duration }.max() ?? .zero
        // Who stays away has to be seen to be offline first.
        return steps.contains(where: \.action.keepsSomebodyAway) ? end + .seconds(21) : end
    }

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.seed = seed
        instances = Int.random(in: 2...3, using: &random)
        raisesLater = Bool.random(using: &random)
        isTargeted = Int.random(in: 0..<3, using: &random) == 0
        let length = Int64.random(in: 5_000...11_000, using: &random)
        var maker = PlanMaker(random: random, instances: instances, length: length)
        steps = maker.make()
    }

    /// What is done, for people.
    var description: [String] {
        [
            "\(instances) instances, \(isTargeted ? "targeted" : "broadcast") routing, "
                + "a store that raises \(raisesLater ? "in a second write" : "in the same write")"
        ] + steps.map { "\($0.at.inSeconds) \($0.action)" }
    }
}

extension Plan.Action {
    /// How long it takes until it is over.
    fileprivate var duration: Duration {
        switch self {
        case .store(_, _, let duration), .bus(_, _, let duration), .busDown(let duration), .slow(_, let duration): duration
        case .restart(let duration): duration
        case .crash(_, let duration, _), .ban(_, _, let duration), .freeze(_, let duration): duration
        case .drain(_, let duration): duration + .seconds(7)
        default: .zero
        }
    }

    fileprivate var keepsSomebodyAway: Bool {
        switch self {
        case .crash(_, _, silent: true), .stayAway: true
        default: false
        }
    }
}

extension Plan.Action {
    /// Whom a kick means; nobody's number for anything else.
    fileprivate var person: Int {
        switch self {
        case .ban(let person, _, _), .revokeAll(let person, _): person
        case .revokeOne(let device, _): Plan.devices[device]
        default: -1
        }
    }

    /// One that a kick means.
    fileprivate var device: Int {
        if case .revokeOne(let device, _) = self { device } else { Plan.devices.firstIndex(of: person) ?? 0 }
    }

    /// Where a kick is ordered.
    fileprivate var instance: Int {
        switch self {
        case .ban(_, let instance, _), .revokeAll(_, let instance), .revokeOne(_, let instance): instance
        default: 0
        }
    }
}

private struct PlanMaker {
    var random: SeededGenerator
    let instances: Int
    let length: Int64

    mutating func make() -> [Plan.Step] {
        var steps: [Plan.Step] = []
        for device in Plan.devices.indices {
            // Some come late.
            steps.append(step(before: number(3) == 0 ? length : 200, .enable(device: device)))
        }
        for _ in 0..<number(25, 60) {
            let count = number(6) == 0 ? number(2, 8) : 1
            steps.append(step(.send(device: device(), target(), count: count)))
        }
        for _ in 0..<number(0, 8) { steps.append(step(.edit(device: device(), number(100)))) }
        for _ in 0..<number(0, 3) { steps.append(step(.markRead(device: device()))) }
        for wanderer in Plan.wanderers {
            for turn in 0..<number(0, 5) {
                let action = turn % 2 == 0 ? Plan.Action.join(device: wanderer, keeping: flips()) : .leave(device: wanderer)
                steps.append(step(action))
            }
        }
        for _ in 0..<number(1, 7) {
            let noticed = milliseconds(number(3) == 0 ? 3_000 : 50)
            steps.append(step(.drop(device: device(), noticedAfter: noticed, away: milliseconds(2_500))))
        }
        if number(4) == 0 { steps.append(step(.forget(device: device()))) }
        for _ in 0..<number(0, 2) { steps.append(step(.slow(device: device(), milliseconds(2_000)))) }
        for _ in 0..<number(1, 7) { steps.append(step(fault())) }
        if flips() {
            for _ in 0..<number(1, 4) { steps += kickInTrouble() }
        }
        if number(3) == 0 {
            for _ in 0..<number(1, 4) { steps += comeBackInTraffic() }
        }
        if number(4) == 0 { steps += wanderInTraffic() }
        if number(6) == 0 { steps += oldHints() }
        if number(8) == 0 { steps += kickOfOneStandingStill() }
        if number(3) == 0 { steps.append(step(crash())) }
        if number(6) == 0 { steps.append(step(.flush)) }
        if number(5) == 0 { steps.append(step(.freeze(instance: instance(), milliseconds(flips() ? 20_000 : 6_000)))) }
        if number(6) == 0 { steps.append(step(.drain(instance: instance(), restarted: milliseconds(3_000)))) }
        if number(6) == 0 { steps += restartAsItWas() }
        return steps.sorted { $0.at < $1.at }
    }

    private mutating func fault() -> Plan.Action {
        switch number(10) {
        case 0, 1, 2:
            return .busDown(milliseconds(8_000))
        case 3, 4, 5, 6:
            let fault = BusFault.allCases[number(BusFault.allCases.count)]
            return .bus(fault, instance: instance(), milliseconds(8_000))
        default:
            let fault = StoreFault.allCases[number(StoreFault.allCases.count)]
            return .store(fault, instance: instance(), milliseconds(number(12) == 0 ? 20_000 : 6_000))
        }
    }

    private mutating func crash() -> Plan.Action {
        let silent = flips()
        return .crash(instance: instance(), restarted: milliseconds(silent && flips() ? 30_000 : 6_000), silent: silent)
    }

    private mutating func kick() -> Plan.Action {
        switch number(4) {
        case 0, 1: .ban(person: number(Plan.people), on: instance(), lifted: milliseconds(7_000))
        case 2: .revokeAll(person: number(Plan.people), on: instance())
        default: .revokeOne(device: device(), on: instance())
        }
    }

    /// A kick, and what is most likely to make it miss: a client that comes back just then, hints that are lost, an answer that is.
    private mutating func kickInTrouble() -> [Plan.Step] {
        let kick = step(kick())
        var steps = [kick]
        func soon(_ milliseconds: Int64) -> Duration { max(.zero, kick.at - .milliseconds(milliseconds)) }
        let device = kick.action.device
        if flips() {
            // It comes back to the very instance where the kick is ordered, and everything takes its time there.
            let instance = kick.action.instance
            let drop = Plan.Action.drop(device: device, noticedAfter: .zero, away: milliseconds(100), to: instance)
            steps.append(Plan.Step(at: soon(1_500), action: .store(.isSlow, instance: instance, .seconds(4))))
            steps.append(Plan.Step(at: max(.zero, kick.at - .milliseconds(Int64(number(400, 1_200)))), action: drop))
        } else if flips() {
            steps.append(Plan.Step(at: soon(300), action: .drop(device: device, noticedAfter: .zero, away: milliseconds(320))))
        }
        if number(3) == 0 {
            let faults: [BusFault] = [.isDown, .hangs, .drops]
            let fault = faults[number(faults.count)]
            for instance in 0..<instances { steps.append(Plan.Step(at: soon(200), action: .bus(fault, instance: instance, .seconds(3)))) }
        }
        if number(3) == 0 {
            // One that reaches nothing but hints of messages and changes now and then, while others go on.
            let instance = instance()
            steps.append(Plan.Step(at: soon(100), action: .store(.isDown, instance: instance, .seconds(9))))
            steps.append(Plan.Step(at: soon(100), action: .bus(.drops, instance: instance, .seconds(9))))
            if flips() {
                let drop = Plan.Action.drop(device: device, noticedAfter: .zero, away: milliseconds(100), to: instance)
                steps.append(Plan.Step(at: soon(1_500), action: drop))
                for _ in 0..<4 {
                    let sender = self.device()
                    let sent = Plan.Action.send(device: sender, .hall, count: 1)
                    steps.append(Plan.Step(at: soon(1_500) + milliseconds(6_000), action: sent))
                    steps.append(Plan.Step(at: kick.at + .seconds(5) + milliseconds(3_500), action: .edit(device: sender, number(100))))
                }
            }
        }
        if case .ban = kick.action, number(3) == 0 {
            // Nobody hears of the ban, whose answer is lost.
            steps.append(Plan.Step(at: soon(50), action: .store(.losesAnswers, instance: kick.action.instance, .seconds(2))))
            for instance in 0..<instances { steps.append(Plan.Step(at: soon(50), action: .bus(.drops, instance: instance, .seconds(8)))) }
        } else if flips() {
            let fault = flips() ? StoreFault.losesAnswers : .isSlow
            steps.append(Plan.Step(at: soon(50), action: .store(fault, instance: kick.action.instance, milliseconds(2_000))))
        }
        return steps
    }

    /// A client that comes back to a slow instance while others talk.
    private mutating func comeBackInTraffic() -> [Plan.Step] {
        let (device, instance) = (number(Plan.wanderers[0]), instance())
        let drop = step(.drop(device: device, noticedAfter: .zero, away: milliseconds(200), to: instance))
        var steps = [drop, Plan.Step(at: drop.at, action: .store(.isSlow, instance: instance, .seconds(3)))]
        for _ in 0..<number(4, 12) {
            let sender = (device + number(1, Plan.wanderers[0])) % Plan.wanderers[0]
            steps.append(Plan.Step(at: drop.at + milliseconds(3_000), action: .send(device: sender, .hall, count: 1)))
        }
        return steps
    }

    /// Somebody joins, leaves and comes back elsewhere faster than hints and answers arrive.
    private mutating func wanderInTraffic() -> [Plan.Step] {
        let (wanderer, other) = flips() ? (Plan.wanderers[0], Plan.wanderers[1]) : (Plan.wanderers[1], Plan.wanderers[0])
        let first = step(.join(device: other, keeping: true))
        var steps = [first]
        for instance in 0..<instances {
            steps.append(Plan.Step(at: first.at, action: .bus(flips() ? .isSlow : .drops, instance: instance, .seconds(6))))
            if flips() { steps.append(Plan.Step(at: first.at, action: .store(.isSlow, instance: instance, .seconds(6)))) }
        }
        for turn in 0..<number(3, 8) {
            let action = turn % 3 == 2 ? Plan.Action.leave(device: wanderer) : .join(device: wanderer, keeping: number(4) > 0)
            steps.append(Plan.Step(at: first.at + .milliseconds(700 * turn) + milliseconds(700), action: action))
        }
        for _ in 0..<number(1, 4) {
            let drop = Plan.Action.drop(device: wanderer, noticedAfter: .zero, away: milliseconds(200), to: instance())
            steps.append(Plan.Step(at: first.at + milliseconds(5_000), action: drop))
        }
        for _ in 0..<number(6, 14) {
            let sender = number(4) == 0 ? wanderer : other
            steps.append(Plan.Step(at: first.at + milliseconds(6_000), action: .send(device: sender, .lobby, count: 1)))
        }
        return steps
    }

    /// People write to each other for the first time and change it, and the hint comes when somebody has come back since.
    private mutating func oldHints() -> [Plan.Step] {
        let start = Duration.milliseconds(Int64(number(250, 900)))
        let fault = flips() ? Plan.Action.busDown(milliseconds(4_000)) : .bus(.isSlow, instance: instance(), .seconds(4))
        var steps = [Plan.Step(at: start, action: fault)]
        for _ in 0..<number(2, 5) {
            let (sender, receiver) = (device(), device())
            let sent = start + milliseconds(1_500)
            steps.append(Plan.Step(at: sent, action: .send(device: sender, .person(Plan.devices[receiver]), count: 1)))
            steps.append(Plan.Step(at: sent + milliseconds(1_500), action: .edit(device: sender, number(100))))
            let drop = Plan.Action.drop(device: receiver, noticedAfter: .zero, away: milliseconds(500), to: instance())
            steps.append(Plan.Step(at: sent + milliseconds(1_500), action: drop))
        }
        return steps
    }

    /// An instance stands still in the middle of its reads, and somebody who is there is kicked meanwhile.
    private mutating func kickOfOneStandingStill() -> [Plan.Step] {
        let frozen = instance()
        let freeze = Plan.Step(at: .milliseconds(2_500) + milliseconds(length), action: .freeze(instance: frozen, .seconds(14)))
        func before(_ milliseconds: Int64) -> Duration { freeze.at - .milliseconds(milliseconds) }
        let device = device()
        var steps = [
            freeze,
            Plan.Step(at: before(2_000), action: .drop(device: device, noticedAfter: .zero, away: milliseconds(100), to: frozen)),
            Plan.Step(at: before(1_500), action: .store(.isSlow, instance: frozen, .seconds(3))),
            Plan.Step(at: before(1_500), action: .bus(.drops, instance: frozen, .seconds(3))),
            Plan.Step(
                at: freeze.at + milliseconds(3_000),
                action: .ban(person: Plan.devices[device], on: (frozen + 1) % instances, lifted: .seconds(20))
            ),
        ]
        for _ in 0..<number(6, 16) {
            let sender = (device + number(1, Plan.devices.count)) % Plan.devices.count
            steps.append(Plan.Step(at: before(1_500) + milliseconds(1_500), action: .send(device: sender, .hall, count: 1)))
        }
        return steps
    }

    /// Redis starts again with what it had saved before somebody left for good.
    private mutating func restartAsItWas() -> [Plan.Step] {
        let save = step(.save)
        let left = save.at + milliseconds(2_000)
        return [
            save, Plan.Step(at: left, action: .stayAway(person: number(Plan.people))),
            Plan.Step(at: left + milliseconds(2_000), action: .restart(milliseconds(flips() ? 300 : 5_000))),
        ]
    }

    private mutating func target() -> Plan.Target {
        switch number(6) {
        case 0, 1, 2: .person(number(Plan.people))
        case 3, 4: .hall
        default: .lobby
        }
    }

    private mutating func step(before end: Int64? = nil, _ action: Plan.Action) -> Plan.Step {
        Plan.Step(at: milliseconds(end ?? length), action: action)
    }

    private mutating func number(_ end: Int) -> Int { Int.random(in: 0..<end, using: &random) }
    private mutating func number(_ start: Int, _ end: Int) -> Int { Int.random(in: start..<end, using: &random) }
    private mutating func flips() -> Bool { Bool.random(using: &random) }
    private mutating func device() -> Int { number(Plan.devices.count) }
    private mutating func instance() -> Int { number(instances) }
    private mutating func milliseconds(_ most: Int64) -> Duration { .milliseconds(Int64.random(in: 0...most, using: &random)) }
}
