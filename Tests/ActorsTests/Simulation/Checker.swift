import Actors
import TestSupport

/// A promise that a run has seen broken.
struct Violation: Error {
    let promise: String
    let text: String
}

/// Watches a run and says which promise of the design is broken, the first time that one is.
final class Checker: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    private struct KickRecord {
        let kick: Kick
        let at: Duration
        let instance: SimulatedInstance
    }

    private struct Arrival: Hashable {
        let link: Int
        let ref: String
    }

    /// What may pass between a kick's answer and its effect on other instances.
    private static let kickBound = Duration.seconds(5)
    /// From an answer to the message at the other end, on whatever instance, with a client's latency.
    private static let deliveryBound = Duration.milliseconds(2_020)
    /// From the death of somebody's only instance, or from when Redis can be reached again or was emptied, to offline.
    private static let ghostBound = Duration.seconds(20)
    /// Within which the watchers are told also where an event was lost: three heartbeats, and what a change is held back for.
    private static let watchBound = Duration.seconds(17)

    private unowned let world: World
    private(set) var violation: Violation?
    private(set) var deliveries = 0
    /// People who had to be offline, and were looked for.
    private(set) var ghostsSought = 0
    private(set) var acknowledgements: [ClientMessageID: Message] = [:]
    private(set) var kickCount = 0
    private var kicks: [KickRecord] = [] { didSet { kickCount = kicks.count } }
    private var arrivals: [Arrival: Duration] = [:]
    private var watched: Set<MessageID> = []

    init(_ world: World) {
        self.world = world
    }

    private var now: Duration { world.scheduler.now }

    func fail(_ promise: String, _ text: @autoclosure () -> String) {
        guard violation == nil else { return }
        let text = text()
        world.history.note("BROKEN \(promise): \(text)")
        violation = Violation(promise: promise, text: text)
    }

    // MARK: P2, P3: what clients see

    func received(_ message: Message, on link: Link, isReplayed: Bool) {
        deliveries += 1
        guard !isReplayed else { return }
        let (conversation, seq) = (message.conversationID, message.seq)
        let begun = link.reading.last[conversation]
        link.reading.last[conversation] = seq
        if let begun, seq <= begun {
            return fail("P2", "\(link.name) got \(message.clientMessageID) (\(seq)) twice or out of order, after \(begun)")
        }
        guard let last = begun ?? (link.resumes ? link.reading.cursors[conversation] : nil) else { return }
        if seq <= last {
            return fail("P2", "\(link.name) got \(message.clientMessageID) (\(seq)) again, its cursor was \(last)")
        }
        guard conversation != world.openChannel else { return }
        for between in last + 1..<seq where lacks(link.device, between, conversation) {
            return fail("P2", "\(link.name) got \(seq) before \(between) of \(conversation.summary)")
        }
    }

    /// Whether it doesn't have what it is owed.
    private func lacks(_ device: Device, _ seq: Int64, _ conversation: ConversationID) -> Bool {
        !device.has(seq, in: conversation) && !isOwn(seq, conversation, device) && device.isOwed(seq, in: conversation)
    }

    /// Whether the device sent it: then its `ACK` brings it, or the next `SYNC`.
    private func isOwn(_ seq: Int64, _ conversation: ConversationID, _ device: Device) -> Bool {
        world.core.stored[conversation]?[seq]?.clientMessageID.description.hasPrefix(device.name + "-") == true
    }

    func acknowledged(_ message: Message, ref: String, by device: Device) {
        guard let id = ClientMessageID(ref) else { return }
        if let known = acknowledgements[id], known.messageID != message.messageID || known.seq != message.seq {
            fail("P3", "\(id) was acknowledged as \(known.seq) and as \(message.seq)")
        }
        acknowledgements[id] = message
    }

    func refused(_ message: Device.Outgoing, _ error: RequestError) {
        if error.code == .conflict || error.code == .internalError { fail("P3", "\(message.id) was refused: \(error.code.rawValue)") }
    }

    func synced(_ synced: Synced, on link: Link) {
        for (conversation, seq) in synced.cursors where conversation != world.openChannel {
            let cursor = max(link.device.threads[conversation]?.cursor ?? 0, link.device.origin?[conversation] ?? 0)
            guard cursor < seq else { continue }
            for between in cursor + 1...seq where lacks(link.device, between, conversation) {
                return fail("P2", "\(link.name) was told to have \(conversation.summary) up to \(seq), and lacks \(between)")
            }
        }
    }

    // MARK: P4, P7: bounds

    func frameArrives(on link: Link, ref: String?) {
        guard let ref, ClientMessageID(ref) != nil, ref.contains("-") else { return }
        let arrival = Arrival(link: link.number, ref: ref)
        arrivals[arrival] = now
        guard link.instance.isSound else { return }
        let bound: Duration = world.plan.raisesLater ? .seconds(8) : .milliseconds(1_500)
        world.scheduler.after(bound) {
            guard self.arrivals[arrival] != nil, link.isOpen, link.isHeld, link.instance.isSound else { return }
            self.fail("P4", "\(link.name) has no answer to \(ref) after \(bound.inSeconds) s")
        }
    }

    func written(_ event: Event, on link: Link) {
        switch event {
        case .ack(let ref?, let message, _):
            if let arrived = arrivals.removeValue(forKey: Arrival(link: link.number, ref: ref)),
                let kick = kicks.first(where: { $0.kick.means(link.principal) && arrived > $0.at + Self.kickBound })
            {
                fail("P5", "\(link.name) had a frame accepted \((arrived - kick.at).inSeconds) s after a kick")
            }
            if let message { watch(message) }
        case .error(let ref?, _): arrivals[Arrival(link: link.number, ref: ref)] = nil
        case .messageReceived, .messageUpdated:
            if let kick = kicks.first(where: { $0.kick.means(link.principal) && now > $0.at + Self.kickBound }) {
                fail("P5", "\(link.name) was written a message \((now - kick.at).inSeconds) s after a kick")
            }
        case .welcome:
            if kicks.contains(where: { $0.kick.means(link.principal) && $0.instance === link.instance }) {
                fail("P5", "\(link.name) was opened after a kick that its own instance had answered")
            }
        default: break
        }
    }

    /// An answer was given: from now on the time runs for everybody else.
    private func watch(_ message: Message) {
        guard watched.insert(message.messageID).inserted, message.conversationID != world.openChannel else { return }
        let audience = world.links.filter { link in
            link.isOpen && link.isHeld && link.liveSince != nil && link.instance.isSound && !link.device.isSlow
                && link.device.person.isIn(message.conversationID)
        }
        world.scheduler.after(Self.deliveryBound) {
            for link in audience where link.isOpen && link.isHeld && link.instance.isSound && !link.device.isSlow {
                guard link.device.link === link, let origin = link.device.origin else { continue }
                let isOwed = message.seq > origin[message.conversationID] ?? 0
                guard isOwed, link.device.isOwed(message.seq, in: message.conversationID) else { continue }
                guard !link.device.has(message.seq, in: message.conversationID) else { continue }
                self.fail("P7", "\(link.name) doesn't have \(message.clientMessageID) (\(message.seq)) 2 s after its answer")
            }
        }
    }

    // MARK: P5: kicks

    func kickAnswered(_ kick: Kick, by instance: SimulatedInstance) {
        world.history.note("\(instance.name) answered \(kick)")
        kicks.append(KickRecord(kick: kick, at: now, instance: instance))
        for link in open(kick) where link.instance === instance {
            fail("P5", "\(link.name) is open although its own instance has answered the kick")
        }
        world.scheduler.after(Self.kickBound) {
            for link in self.open(kick) where link.instance.isSound {
                self.fail("P5", "\(link.name) is open 5 s after a kick")
            }
        }
    }

    func kickArrived(_ kick: Kick, at identity: InstanceIdentity) {
        world.scheduler.after(.milliseconds(200)) {
            for link in self.open(kick) where link.instance.identity == identity && link.instance.isAlive {
                self.fail("P5", "\(link.name) is open although the kick has come over the bus")
            }
        }
    }

    private func open(_ kick: Kick) -> [Link] {
        world.links.filter { $0.isOpen && $0.isHeld && $0.isWelcomed && $0.instance.isAlive && kick.means($0.principal) }
    }

    /// A token was accepted for a request.
    func admitted(_ principal: Principal, by instance: SimulatedInstance, askedAt asked: Duration) {
        guard instance.isAlive else { return }
        for kick in kicks where kick.kick.means(principal) {
            let bound = kick.instance === instance ? kick.at : kick.at + Self.kickBound
            if asked > bound { fail("P5", "\(instance.name) accepted a token of \(principal.username) after a kick") }
        }
    }

    func closed(_ link: Link, _ reason: EndReason) {
        guard [.suspended, .removed, .revoked].contains(reason) else { return }
        Task {
            let record = try? await world.core.truth.sessionRecord(link.principal.sessionID, of: link.principal.userID)
            let time = VirtualTime(world.scheduler)
            if record?.refusal(at: time.now()) == nil { fail("P5", "\(link.name) was closed as \(reason), and is valid") }
        }
    }
}

// MARK: - P6: presence

extension Checker {
    /// Somebody has lost every connection with an instance that has died, and stays away.
    func expectOffline(_ person: Person) {
        expectOffline(person, after: Self.ghostBound)
    }

    private func expectOffline(_ person: Person, after delay: Duration) {
        world.scheduler.after(delay) {
            let world = self.world
            let devices = world.devices.filter { $0.person.userID == person.userID }
            guard !world.isOver, devices.allSatisfy(\.isAway) else { return }
            let living = world.instances.filter(\.isAlive)
            let isSound = living.allSatisfy { $0.bus.isSound(for: Self.ghostBound) }
            let isFilled = world.flushedAt.map { self.now - $0 >= Self.ghostBound } ?? true
            guard isSound, isFilled, living.contains(where: \.isListening) else {
                return self.expectOffline(person, after: .milliseconds(500))
            }
            self.ghostsSought += 1
            if world.directory.isOnline(person.userID) { return self.fail("P6", "\(person.name) is still online by the directory") }
            for link in world.links where link.device.link === link && link.isWelcomed && link.instance.isAlive {
                guard let status = link.device.statuses[person.userID], status != .offline else { continue }
                self.fail("P6", "\(link.name) still takes \(person.name) for \(status)")
            }
            for instance in living where instance.isListening {
                Task {
                    let records = await instance.presence.presence(of: [person.userID])
                    guard devices.allSatisfy(\.isAway), records.contains(where: { $0.status != .offline }) else { return }
                    self.fail("P6", "\(instance.name) still answers that \(person.name) is online")
                }
            }
        }
    }

    /// Everything has been healed for five seconds: who is connected is online.
    func checkPresence() {
        for link in world.links where link.device.link === link && link.isOpen && link.isWelcomed && link.instance.isAlive {
            guard let since = link.liveSince, now - since >= .seconds(2), let held = link.instance.heldSince, now - held >= .seconds(5)
            else { continue }
            let person = link.device.person
            if !world.directory.isOnline(person.userID) { fail("P6", "\(person.name) is offline by the directory, and is \(link.name)") }
            let isSound = (world.instances + [link.instance]).allSatisfy { $0.bus.isSound(for: Self.watchBound) }
            guard isSound, now - since >= Self.watchBound, world.flushedAt.map({ now - $0 >= Self.watchBound }) ?? true else { continue }
            for watcher in world.devices {
                guard let other = watcher.link, let began = other.liveSince, now - began >= Self.watchBound else { continue }
                guard watcher.statuses[person.userID] == .offline else { continue }
                fail("P6", "\(other.name) takes \(person.name) for offline, who is \(link.name)")
            }
        }
    }
}

// MARK: - At the end

extension Checker {
    func checkEverything() async {
        await checkKicks()
        checkIdempotence()
        for device in world.devices { await check(device) }
    }

    private func checkKicks() async {
        for link in world.links where link.isOpen && link.isHeld && link.instance.isAlive && link.isWelcomed {
            let record = try? await world.core.truth.sessionRecord(link.principal.sessionID, of: link.principal.userID)
            if let reason = record?.refusal(at: VirtualTime(world.scheduler).now()) {
                fail("P5", "\(link.name) is open at the end, and is not valid: \(reason)")
            }
        }
        for link in world.links where link.isOpen && link.isHeld && link.instance.isAlive {
            for kick in kicks where kick.kick.means(link.principal) { fail("P5", "\(link.name) is open at the end: \(kick.kick)") }
        }
    }

    private func checkIdempotence() {
        var contents: Set<String> = []
        for messages in world.core.stored.values {
            for message in messages.values where !contents.insert(message.content).inserted {
                fail("P3", "\(message.content) is stored twice")
            }
        }
        for (id, message) in acknowledgements {
            let stored = world.core.stored[message.conversationID]?[message.seq]
            if stored?.messageID != message.messageID { fail("P2", "\(id) was acknowledged as \(message.seq) and is not there") }
        }
    }

    private func check(_ device: Device) async {
        guard device.isConnected else { return fail("P2", "\(device.name) has not come back") }
        if let message = device.outbox.first { return fail("P2", "\(device.name) has no answer to \(message.id)") }
        guard let origin = device.origin else { return fail("P2", "\(device.name) was never welcomed") }
        for (conversation, messages) in world.core.stored {
            let begin: Int64
            if conversation == world.openChannel {
                guard case .joined = device.membership, let cursor = device.threads[conversation]?.cursor else { continue }
                begin = cursor
            } else {
                guard device.person.isIn(conversation) else { continue }
                begin = origin[conversation] ?? 0
            }
            for seq in messages.keys.sorted() where seq > begin && device.isOwed(seq, in: conversation) {
                guard device.has(seq, in: conversation) else {
                    fail(
                        "P2",
                        "\(device.name) has never got \(messages[seq]?.clientMessageID.description ?? "") (\(seq) of \(conversation.summary))"
                    )
                    break
                }
            }
            if conversation != world.openChannel { await checkChanges(of: conversation, on: device) }
        }
    }

    private func checkChanges(of conversation: ConversationID, on device: Device) async {
        guard let page = try? await world.core.truth.messages(in: conversation, before: nil, after: 0, limit: .max) else { return }
        for message in page.messages {
            guard let rev = device.threads[conversation]?.revs[message.seq], rev != message.rev else { continue }
            return fail("P2", "\(device.name) has \(message.clientMessageID) as of \(rev), and it is at \(message.rev)")
        }
    }
}

extension Kick {
    /// By the words of the design, not by those of the code.
    func means(_ principal: Principal) -> Bool {
        switch self {
        case .ban(let user, let epoch), .revokeAll(let user, let epoch): principal.userID == user && principal.authEpoch < epoch
        case .revokeOne(_, let session): principal.sessionID == session
        }
    }
}

extension Person {
    /// Whether it belongs to a conversation throughout the run.
    func isIn(_ conversation: ConversationID) -> Bool {
        switch conversation {
        case .direct(let pair): pair.contains(userID)
        case .channel: channels.contains(conversation)
        }
    }
}
