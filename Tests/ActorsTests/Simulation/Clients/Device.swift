import Actors
import TestSupport

/// A client that keeps the protocol's advice: it remembers its cursors, resends what has no answer, and comes back.
final class Device: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    struct Outgoing {
        let id: ClientMessageID
        let content: String
        let destination: Destination
    }

    /// Whether it is in the channel that people join and leave.
    enum Membership {
        case out
        case joining(since: Int64?)
        case joined
        case leaving
    }

    let name: String
    let person: Person
    private unowned let world: World
    private(set) var logIn: LogIn?
    private(set) var link: Link?
    private var isConnecting = false
    /// What was stored in each conversation when it was welcomed for the first time: it is to have everything that came after.
    private(set) var origin: [ConversationID: Int64]?
    /// That of the last `WELCOME` or `SYNCED`.
    private var stamp: Stamp?
    private(set) var threads: [ConversationID: Thread] = [:]
    private(set) var outbox: [Outgoing] = []
    private(set) var lastMessage = 0
    private var lastEdit = 0
    private var own: [Message] = []
    private(set) var membership = Membership.out
    private(set) var isSlow = false
    private(set) var isEnabled = false
    /// Whether it has gone for longer.
    private(set) var isAway = false
    /// Where it connects next; nil for anywhere.
    private var wanted: Int?
    /// What it was told of others on this connection.
    private(set) var statuses: [UserID: PresenceStatus] = [:]
    /// When it was given a stamp.
    private var stampedAt: [Duration] = []

    init(_ name: String, of person: Person, world: World) {
        self.name = name
        self.person = person
        self.world = world
    }

    var isConnected: Bool { link?.isHeld == true && link?.isWelcomed == true }

    func has(_ seq: Int64, in conversation: ConversationID) -> Bool {
        threads[conversation]?.had.contains(seq) == true
    }

    /// Whether no stamp of its was given out while a message was stored and not to be found: see `StoreCore.hidden`.
    func isOwed(_ seq: Int64, in conversation: ConversationID) -> Bool {
        guard let hidden = world.core.hidden(seq, in: conversation) else { return true }
        return !stampedAt.contains { hidden.contains($0) }
    }

    // What the plan has it do

    func enable() {
        guard !isEnabled else { return }
        isEnabled = true
        logInAgain()
    }

    func drop(noticedAfter delay: Duration, away: Duration, to instance: Int? = nil) {
        guard let link else { return }
        self.link = nil
        wanted = instance
        link.drop(noticedAfter: delay)
        comeBack(after: away)
    }

    /// Goes, and does not come back before `comeHome`.
    func stayAway() {
        isAway = true
        guard let link else { return }
        self.link = nil
        link.drop(noticedAfter: .zero)
    }

    func comeHome() {
        guard isAway else { return }
        isAway = false
        if logIn == nil { logInAgain() } else { comeBack(after: .zero) }
    }

    /// Forgets everything, as a new installation would.
    func forget() {
        guard outbox.isEmpty, case .out = membership else { return }
        origin = nil
        stamp = nil
        threads = [:]
        own = []
        drop(noticedAfter: .zero, away: .milliseconds(100))
    }

    func slowDown(for duration: Duration) {
        isSlow = true
        world.scheduler.after(duration) { self.isSlow = false }
    }

    func send(to destination: Destination) {
        lastMessage += 1
        guard let id = ClientMessageID("\(name)-\(lastMessage)") else { return }
        let message = Outgoing(id: id, content: id.description, destination: destination)
        outbox.append(message)
        transmit(message)
    }

    func edit(_ index: Int) {
        guard !own.isEmpty, let link else { return }
        let message = own[index % own.count]
        lastEdit += 1
        let content = "\(message.clientMessageID) edit \(lastEdit)"
        link.send(.conversation(.edit(message.messageID, in: message.conversationID, content: content)), ref: "edit")
    }

    func markRead() {
        guard let link, let thread = threads.filter({ $0.value.cursor ?? 0 > 0 }).min(by: { $0.key.description < $1.key.description }),
            let cursor = thread.value.cursor
        else { return }
        link.send(.conversation(.read(thread.key, upTo: cursor)), ref: "read")
    }

    func join(keeping: Bool) {
        guard case .out = membership else { return }
        if !keeping { threads[world.openChannel] = nil }
        membership = .joining(since: threads[world.openChannel]?.cursor)
        transmitMembership()
    }

    func leave() {
        guard case .joined = membership else { return }
        membership = .leaving
        transmitMembership()
    }

    func use(_ logIn: LogIn?) {
        self.logIn = logIn
    }

    // Connecting

    private func comeBack(after delay: Duration) {
        world.scheduler.after(delay) { self.connect() }
    }

    private func connect() {
        // Without a log-in another attempt is under way.
        guard link == nil, !isConnecting, !world.isOver, !isAway, let logIn else { return }
        guard let instance = world.anyInstance(wanted) else { return comeBack(after: .milliseconds(400)) }
        wanted = nil
        isConnecting = true
        Task { await open(logIn, on: instance) }
    }

    private func open(_ logIn: LogIn, on instance: SimulatedInstance) async {
        let asked = world.scheduler.now
        await instance.awake()
        do throws(RequestError) {
            let principal = try await instance.gate.principal(forToken: logIn.token)
            world.checker.admitted(principal, by: instance, askedAt: asked)
            isConnecting = false
            guard !isAway else { return }
            guard instance.isAlive, !instance.registry.freshness.isCutOff(bus: instance.bus.status), !world.isOver else {
                return comeBack(after: .milliseconds(200))
            }
            let resumes = stamp != nil && !world.chance(15)
            let link = world.open(self, on: instance, as: principal, resumes: resumes)
            self.link = link
            link.start()
        } catch {
            isConnecting = false
            switch error.code {
            case .unauthenticated, .accountSuspended, .tokenExpired:
                if logIn.session.sessionID == self.logIn?.session.sessionID { self.logIn = nil }
                logInAgain()
            default: comeBack(after: .milliseconds(300))
            }
        }
    }

    private func logInAgain() {
        guard !world.isOver, !isAway, logIn == nil else { return }
        guard let instance = world.anyInstance() else {
            world.scheduler.after(.milliseconds(400)) { self.logInAgain() }
            return
        }
        Task {
            await instance.awake()
            let found = try? await instance.accounts.logIn(
                username: person.name,
                password: Person.password,
                peer: PeerInfo(userAgent: nil, address: nil)
            )
            if let found {
                logIn = found
                comeBack(after: .milliseconds(10))
            } else {
                world.scheduler.after(.milliseconds(700)) { self.logInAgain() }
            }
        }
    }

    /// The server has closed.
    func closed(_ link: Link, _ reason: EndReason) {
        guard self.link === link else { return }
        self.link = nil
        switch reason {
        case .suspended, .removed, .revoked, .unauthenticated:
            if logIn?.session.sessionID == link.principal.sessionID { logIn = nil }
            logInAgain()
        default:
            comeBack(after: world.reconnectDelay())
        }
    }

    /// The connection broke.
    func lost(_ link: Link) {
        guard self.link === link else { return }
        self.link = nil
        comeBack(after: world.reconnectDelay())
    }

    /// Ends with the run.
    func finish() {
        link?.drop(noticedAfter: .zero)
        link = nil
    }
}

// MARK: - Reading

extension Device {
    func receive(_ event: Event, on link: Link) {
        guard self.link === link else { return }
        switch event {
        case .welcome(let welcome):
            stampedAt.append(world.scheduler.now)
            begin(on: link, welcome)
            watch(on: link)
        case .presenceState(_, let all): for one in all { statuses[one.userID] = one.status }
        case .presence(let one): statuses[one.userID] = one.status
        case .messageReceived(let message, _, let isReplayed): take(message, on: link, isReplayed: isReplayed)
        case .messageUpdated(let message, _): threads[message.conversationID]?.update(message)
        case .ack(let ref, let message?, _): acknowledged(message, ref: ref)
        case .ack("leave", nil, _): left()
        case .synced(_, let synced):
            stamp = synced.stamp
            stampedAt.append(world.scheduler.now)
            link.isSyncing = false
            world.checker.synced(synced, on: link)
            for (conversation, seq) in synced.cursors { threads[conversation, default: Thread()].begin(at: seq) }
        case .channelJoined(_, let name, let lastSeq, _): joined(.channel(name), lastSeq: lastSeq)
        case .error(let ref?, let error): refused(ref, error)
        default: break
        }
    }

    private func begin(on link: Link, _ welcome: Welcome) {
        if origin == nil {
            origin = link.origin
            stamp = welcome.stamp
        } else {
            sync(on: link, welcome)
        }
        if origin == nil { return }
        for message in outbox { transmit(message) }
        transmitMembership()
    }

    private func watch(on link: Link) {
        statuses = [:]
        link.send(.presence(.watch(world.people.map(\.userID))), ref: "watch")
    }

    private func sync(on link: Link, _ welcome: Welcome) {
        let cursors = threads.compactMapValues(\.cursor)
        link.reading.cursors = cursors
        link.isSyncing = true
        let stamp = world.mutation == .stampOfThisConnection ? welcome.stamp ?? stamp : stamp
        var rest = cursors
        if rest.count > 1, world.chance(30), let first = rest.min(by: { $0.key.description < $1.key.description }) {
            rest[first.key] = nil
            link.send(.sync(SyncCommand(cursors: [first.key: first.value], stamp: nil, hasMore: true)), ref: "sync")
        }
        link.send(.sync(SyncCommand(cursors: rest, stamp: stamp, hasMore: false)), ref: "sync")
    }

    private func take(_ message: Message, on link: Link, isReplayed: Bool) {
        if message.conversationID == world.openChannel {
            switch membership {
            case .out, .leaving: return
            case .joining, .joined: break
            }
        }
        world.checker.received(message, on: link, isReplayed: isReplayed)
        // Where a SYNC is under way beside live deliveries, a message says nothing of what is below it.
        let comesBesideSync = !link.resumes && link.isSyncing
        threads[message.conversationID, default: Thread()].take(message, isAnswer: comesBesideSync)
        if world.mutation == .cursorAtHighest { threads[message.conversationID]?.jump(to: message.seq) }
    }

    private func acknowledged(_ message: Message, ref: String?) {
        guard outbox.contains(where: { $0.id == message.clientMessageID || $0.id.description == ref }) else { return }
        outbox.removeAll { $0.id.description == ref }
        world.checker.acknowledged(message, ref: ref ?? "", by: self)
        threads[message.conversationID, default: Thread()].take(message, isAnswer: true)
        if world.mutation == .cursorAtHighest { threads[message.conversationID]?.jump(to: message.seq) }
        own.append(message)
    }

    private func joined(_ channel: ConversationID, lastSeq: Int64) {
        guard channel == world.openChannel, case .joining = membership else { return }
        membership = .joined
        threads[channel, default: Thread()].begin(at: lastSeq)
    }

    private func left() {
        if case .leaving = membership { membership = .out }
    }

    private func refused(_ ref: String, _ error: RequestError) {
        let isTemporary = error.code == .storeUnavailable || error.code == .rateLimited
        if ref == "sync", isTemporary, let link {
            // It stays held until its SYNC: come back.
            link.drop(noticedAfter: .zero)
            lost(link)
        } else if ref == "watch", let link {
            world.scheduler.after(.milliseconds(400)) { if self.link === link { self.watch(on: link) } }
        } else if ref == "join" || ref == "leave" {
            world.scheduler.after(.milliseconds(400)) { self.transmitMembership() }
        } else if let message = outbox.first(where: { $0.id.description == ref }) {
            guard isTemporary else {
                outbox.removeAll { $0.id == message.id }
                world.checker.refused(message, error)
                return
            }
            world.scheduler.after(.milliseconds(500)) {
                if self.outbox.contains(where: { $0.id == message.id }) { self.transmit(message) }
            }
        }
    }

    private func transmit(_ message: Outgoing) {
        guard let link, link.isWelcomed else { return }
        link.send(
            .send(SendCommand(clientMessageID: message.id, content: message.content, destination: message.destination)),
            ref: message.id.description
        )
    }

    private func transmitMembership() {
        guard let link, link.isWelcomed else { return }
        switch membership {
        case .joining(let since): link.send(.conversation(.join(world.openChannelName, since: since)), ref: "join")
        case .leaving: link.send(.conversation(.leave(world.openChannelName)), ref: "leave")
        case .out, .joined: break
        }
    }
}
