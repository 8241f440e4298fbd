import Actors
import TestSupport

/// Somebody with an account.
struct Person {
    static let password = "correct horse"

    let name: String
    let userID: UserID
    let channels: Set<ConversationID>
}

/// Everything of one run: the instances, the clients, what lies between them, and the plan that is carried out.
final class World: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    let plan: Plan
    let mutation: Mutation?
    let scheduler: Scheduler
    let history: History
    let core: StoreCore
    let network: BusNetwork
    let directory: DirectoryCore
    private(set) lazy var checker = Checker(self)
    private(set) var people: [Person] = []
    private(set) var devices: [Device] = []
    /// The latest of each name.
    private(set) var instances: [SimulatedInstance] = []
    private var formerInstances: [SimulatedInstance] = []
    private(set) var links: [Link] = []
    private(set) var isOver = false
    /// What was done to it: faults of store, bus and processes.
    private(set) var faults = 0
    /// When Redis was emptied last, or came back as it had been.
    private(set) var flushedAt: Duration?
    private var random: SeededGenerator
    private var boots = 0

    let openChannelName: ChannelName
    let openChannel: ConversationID
    let hall: ConversationID
    private let hallName: ChannelName

    init(_ plan: Plan, mutation: Mutation?, keepsHistory: Bool) {
        guard let lobby = ChannelName("lobby"), let hall = ChannelName("hall") else { preconditionFailure("these are names") }
        self.plan = plan
        self.mutation = mutation
        openChannelName = lobby
        openChannel = .channel(lobby)
        hallName = hall
        self.hall = .channel(hall)
        random = SeededGenerator(seed: plan.seed &* 31 &+ 7)
        scheduler = Scheduler(seed: random.next())
        history = History(scheduler, isKept: keepsHistory)
        core = StoreCore(scheduler, raisesLater: plan.raisesLater, mutation: mutation)
        network = BusNetwork(scheduler, history: history, isTargeted: plan.isTargeted, mutation: mutation, seed: random.next())
        directory = DirectoryCore(scheduler, mutation: mutation)
        let checker = checker
        network.onKick = { checker.kickArrived($0, at: $1) }
    }

    // Chance

    func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    func clientLatency() -> Duration {
        .microseconds(Int64.random(in: 200...5_000, using: &random))
    }

    func reconnectDelay() -> Duration {
        .milliseconds(Int64.random(in: 1...400, using: &random))
    }

    /// One that accepts connections.
    ///
    /// - Parameter wanted: the one to take if it does.
    func anyInstance(_ wanted: Int? = nil) -> SimulatedInstance? {
        if let wanted, instances[wanted].acceptsConnections { return instances[wanted] }
        return instances.filter(\.acceptsConnections).randomElement(using: &random)
    }

    func open(_ device: Device, on instance: SimulatedInstance, as principal: Principal, resumes: Bool) -> Link {
        let link = Link(number: links.count + 1, to: instance, of: device, as: principal, resumes: resumes, world: self)
        links.append(link)
        return link
    }

    // The run

    /// Prepares what is there before the run: accounts, channels, instances, devices.
    func prepare() async throws {
        let time = VirtualTime(scheduler)
        let ids = UUIDv7Generator(time: time, random: SeededGenerator(seed: random.next()))
        for number in 0..<Plan.people {
            let channels: Set<ConversationID> = number < 3 ? [hall] : []
            people.append(Person(name: "person\(number)", userID: ids.next(UserID.self), channels: channels))
            let user = User(userID: people[number].userID, username: people[number].name, role: .user, createdAt: time.now())
            try await core.truth.createUser(user, passwordHash: "plain:" + Person.password)
        }
        for name in [hallName, openChannelName] {
            let channel = ChatChannel(name: name, title: name.description, createdBy: people[0].userID, createdAt: time.now())
            try await core.truth.createChannel(channel)
        }
        for person in people where person.channels.contains(hall) {
            _ = try await core.truth.join(hallName, user: person.userID, limit: 10)
        }
        await core.noteStamp()
        for (index, person) in Plan.devices.enumerated() { devices.append(Device("d\(index)", of: people[person], world: self)) }
        for index in 0..<plan.instances { instances.append(makeInstance(index)) }
        for instance in instances { instance.start() }
    }

    private func makeInstance(_ index: Int) -> SimulatedInstance {
        boots += 1
        return SimulatedInstance(String(UnicodeScalar(UInt8(65 + index))), boot: boots, world: self, seed: random.next())
    }

    /// Carries out the plan, lets everything settle, and checks.
    func begin() {
        for step in plan.steps {
            scheduler.after(.seconds(1) + step.at) {
                self.history.note("plan: \(step.action)")
                self.carryOut(step.action)
            }
        }
        let healed = Duration.seconds(1) + plan.end
        scheduler.after(healed) {
            self.history.note("plan: everything is healed")
            for device in self.devices {
                device.enable()
                device.comeHome()
            }
        }
        scheduler.after(healed + .seconds(5)) { self.checker.checkPresence() }
        scheduler.after(healed + .seconds(10)) {
            for (index, device) in self.devices.enumerated() where device.isConnected {
                device.send(to: .user(self.people[(index + 1) % Plan.people].userID))
            }
        }
        scheduler.after(healed + .seconds(14)) {
            self.checker.checkPresence()
            Task {
                await self.checker.checkEverything()
                self.finish()
            }
        }
    }

    private func finish() {
        isOver = true
        for device in devices { device.finish() }
        for link in links { link.vanish() }
        for instance in instances + formerInstances { instance.stop() }
    }

    // What the plan does

    private func carryOut(_ action: Plan.Action) {
        switch action {
        case .enable(let device): devices[device].enable()
        case .send(let device, let target, let count): send(devices[device], target, count: count)
        case .edit(let device, let index): devices[device].edit(index)
        case .markRead(let device): devices[device].markRead()
        case .join(let device, let keeping): devices[device].join(keeping: keeping)
        case .leave(let device): devices[device].leave()
        case .drop(let device, let noticed, let away, let instance):
            devices[device].drop(noticedAfter: noticed, away: away, to: instance)
        case .forget(let device): devices[device].forget()
        case .slow(let device, let duration): devices[device].slowDown(for: duration)
        case .ban(let person, let instance, let lifted): ban(people[person], on: instance, lifted: lifted)
        case .revokeAll(let person, let instance): kick(.all(people[person].userID), on: instance)
        case .revokeOne(let device, let instance):
            guard let session = devices[device].logIn?.session else { return }
            kick(.one(session.userID, session.sessionID), on: instance)
        case .store(let fault, let instance, let duration):
            let link = instances[instance].link
            faults += 1
            link.begin(fault)
            scheduler.after(duration) { link.end(fault) }
        case .bus(let fault, let instance, let duration): begin(fault, on: [instances[instance]], for: duration)
        case .busDown(let duration): begin(.isDown, on: instances, for: duration)
        case .flush:
            faults += 1
            flushedAt = scheduler.now
            directory.flush()
        case .save: directory.save()
        case .restart(let duration):
            begin(.isDown, on: instances, for: duration)
            flushedAt = scheduler.now + duration
            directory.restart(among: Set(instances.map(\.identity.boot)))
            scheduler.after(duration) { [instances] in
                for instance in instances { instance.bus.noticeRestart() }
            }
        case .stayAway(let person): keepAway(people[person])
        case .freeze(let instance, let duration): freeze(instances[instance], for: duration)
        case .drain(let instance, let restarted): drain(instance, restarted: restarted)
        case .crash(let instance, let restarted, let silent): crash(instance, restarted: restarted, silent: silent)
        }
    }

    private func begin(_ fault: BusFault, on instances: [SimulatedInstance], for duration: Duration) {
        faults += 1
        for instance in instances { instance.bus.begin(fault) }
        scheduler.after(duration) {
            for instance in instances { instance.bus.end(fault) }
        }
    }

    private func send(_ device: Device, _ target: Plan.Target, count: Int) {
        let destination: Destination
        switch target {
        case .person(let person): destination = .user(people[person].userID)
        case .hall:
            guard device.person.channels.contains(hall) else { return }
            destination = .channel(hallName)
        case .lobby:
            guard case .joined = device.membership else { return }
            destination = .channel(openChannelName)
        }
        for _ in 0..<count { device.send(to: destination) }
    }

    private func freeze(_ instance: SimulatedInstance, for duration: Duration) {
        guard instance.isAlive, !instance.freezer.isFrozen else { return }
        faults += 1
        instance.freezer.freeze()
        scheduler.after(duration) { instance.freezer.thaw() }
    }

    private func drain(_ index: Int, restarted: Duration) {
        let instance = instances[index]
        guard instance.acceptsConnections, instances.count(where: \.acceptsConnections) > 1 else { return }
        faults += 1
        Task {
            await instance.drain()
            guard instance.isAlive else { return }
            end(index, restarted: restarted)
        }
    }

    private func crash(_ index: Int, restarted: Duration, silent: Bool) {
        let instance = instances[index]
        guard instance.isAlive else { return }
        faults += 1
        if silent {
            for person in people where !person.isElsewhere(than: instance, in: self) { keepAway(person) }
        }
        end(index, restarted: restarted)
    }

    private func keepAway(_ person: Person) {
        for device in devices where device.person.userID == person.userID { device.stayAway() }
        checker.expectOffline(person)
    }

    private func end(_ index: Int, restarted: Duration) {
        let instance = instances[index]
        instance.crash()
        formerInstances.append(instance)
        for link in links where link.instance === instance {
            scheduler.after(clientLatency()) { link.reset() }
        }
        scheduler.after(restarted) {
            self.instances[index] = self.makeInstance(index)
            self.instances[index].start()
        }
    }

    // Kicks

    enum Order {
        case ban(UserID)
        case all(UserID)
        case one(UserID, SessionID)
    }

    private func ban(_ person: Person, on instance: Int, lifted: Duration) {
        let until = scheduler.now + lifted
        kick(.ban(person.userID), on: instance) {
            self.scheduler.after(until - self.scheduler.now) { self.unban(person, on: instance) }
        }
    }

    /// An admin who tries again, on whatever instance answers, until there is an answer.
    private func kick(_ order: Order, on index: Int, then: @escaping @Sendable () -> Void = {}) {
        let instance = instances[index % instances.count]
        guard !isOver else { return }
        Task {
            await instance.awake()
            do {
                let kick = try await carryOut(order, on: instance)
                guard instance.isAlive else { return again(order, index, then) }
                checker.kickAnswered(kick, by: instance)
                then()
            } catch {
                again(order, index, then)
            }
        }
    }

    private func again(_ order: Order, _ index: Int, _ then: @escaping @Sendable () -> Void) {
        scheduler.after(.milliseconds(400)) { self.kick(order, on: index + 1, then: then) }
    }

    private func carryOut(_ order: Order, on instance: SimulatedInstance) async throws -> Kick {
        switch order {
        case .ban(let user):
            let outcome = try await instance.moderation.ban(user, by: nil, reason: nil)
            return .ban(user, authEpoch: outcome.user.authEpoch)
        case .all(let user):
            let outcome = try await instance.moderation.revokeAll(user, by: nil)
            return .revokeAll(user, authEpoch: outcome.user.authEpoch)
        case .one(let user, let session):
            try await instance.moderation.revokeOne(session, of: user, by: nil)
            return .revokeOne(user, session)
        }
    }

    private func unban(_ person: Person, on index: Int) {
        guard !isOver else { return }
        let instance = instances[index % instances.count]
        Task {
            await instance.awake()
            do {
                _ = try await instance.moderation.unban(person.userID, by: nil, reason: nil)
                history.note("unbanned \(person.name)")
            } catch {
                scheduler.after(.milliseconds(400)) { self.unban(person, on: index + 1) }
            }
        }
    }
}

extension Person {
    /// Whether it has, or is about to have, a connection to another instance.
    fileprivate func isElsewhere(than instance: SimulatedInstance, in world: World) -> Bool {
        let links = world.links.filter { $0.device.person.userID == userID && $0.isOpen }
        return links.isEmpty || links.contains { $0.instance !== instance && $0.instance.isAlive }
    }
}
