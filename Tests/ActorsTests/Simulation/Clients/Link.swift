import Actors

/// One connection, with both its ends: what the server has written, and what its client has read of it.
final class Link: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    let number: Int
    let instance: SimulatedInstance
    unowned let device: Device
    let lane: Lane
    let principal: Principal
    let resumes: Bool
    private unowned let world: World
    private(set) var session: SessionActor?

    /// Whether the server holds the connection.
    private(set) var isOpen = true
    /// Whether the client does.
    private(set) var isHeld = true
    private(set) var isWelcomed = false
    /// What was stored when it was welcomed.
    private(set) var origin: [ConversationID: Int64] = [:]
    /// Since when everything is delivered as it comes; nil before.
    private(set) var liveSince: Duration?
    private var writtenUntil = Duration.zero
    private var readUntil = Duration.zero
    var reading = LinkReading()
    /// Whether the client waits for `SYNCED`.
    var isSyncing = false

    init(number: Int, to instance: SimulatedInstance, of device: Device, as principal: Principal, resumes: Bool, world: World) {
        self.number = number
        self.instance = instance
        self.device = device
        self.principal = principal
        self.resumes = resumes
        self.world = world
        lane = instance.lanes[number % instance.lanes.count]
    }

    var name: String { "\(device.name)#\(number)@\(instance.name)" }

    func start() {
        let session = SessionActor(
            connectionID: ConnectionID(UInt64(number)),
            executor: lane,
            outbound: SimulatedOutbound(link: self),
            principal: principal,
            peer: PeerInfo(userAgent: nil, address: nil),
            resumes: resumes,
            environment: instance.environment
        )
        self.session = session
        lane.execute { session.assumeIsolated { $0.start() } }
        tick()
    }

    private func tick() {
        world.scheduler.after(.seconds(1)) { self.instance.freezer.run { self.tickNow() } }
    }

    private func tickNow() {
        guard isOpen, let session else { return }
        lane.execute { session.assumeIsolated { $0.tick() } }
        tick()
    }

    // The client's end

    /// Sends a frame to the server.
    func send(_ command: Command, ref: String?) {
        guard isHeld else { return }
        world.history.note("\(name) > \(command.summary)")
        writtenUntil = max(writtenUntil, world.scheduler.now + world.clientLatency())
        world.scheduler.after(writtenUntil - world.scheduler.now) { self.instance.freezer.run { self.arrive(command, ref: ref) } }
    }

    private func arrive(_ command: Command, ref: String?) {
        guard isOpen, instance.isAlive, let session else { return }
        lane.execute { self.world.checker.frameArrives(on: self, ref: ref) }
        lane.execute { session.assumeIsolated { $0.receive(ClientFrame(ref: ref, command: .success(command))) } }
    }

    /// The client's end is gone; the server notices after `delay`.
    func drop(noticedAfter delay: Duration) {
        guard isHeld else { return }
        isHeld = false
        world.scheduler.after(delay) { self.instance.freezer.run { self.vanish() } }
    }

    /// The server's end notices that the socket is gone.
    func vanish() {
        guard isOpen, let session else { return }
        isOpen = false
        lane.execute { session.assumeIsolated { $0.connectionClosed() } }
    }

    /// The instance has crashed.
    func reset() {
        guard isHeld else { return }
        isHeld = false
        device.lost(self)
    }

    // The server's end

    func write(_ event: Event) {
        world.history.note("\(name) < \(event.summary)")
        switch event {
        case .welcome:
            isWelcomed = true
            origin = world.core.stored.mapValues { Int64($0.count) }
            if !resumes { liveSince = world.scheduler.now }
        case .synced:
            liveSince = liveSince ?? world.scheduler.now
        default: break
        }
        guard instance.isAlive else { return }
        world.checker.written(event, on: self)
        readUntil = max(readUntil, world.scheduler.now + world.clientLatency())
        world.scheduler.after(readUntil - world.scheduler.now) {
            guard self.isHeld else { return }
            self.device.receive(event, on: self)
        }
    }

    func close(_ reason: EndReason) {
        guard isOpen else { return }
        isOpen = false
        world.history.note("\(name) closed: \(reason)")
        guard instance.isAlive else { return }
        world.checker.closed(self, reason)
        world.scheduler.after(max(readUntil, world.scheduler.now + world.clientLatency()) - world.scheduler.now) {
            guard self.isHeld else { return }
            self.isHeld = false
            self.device.closed(self, reason)
        }
    }
}

/// What a client has read on one connection.
struct LinkReading {
    /// The last number in each conversation that was not a replay.
    var last: [ConversationID: Int64] = [:]
    /// What the client said in its `SYNC` on this connection.
    var cursors: [ConversationID: Int64] = [:]
}

private struct SimulatedOutbound: SessionOutbound {
    let link: Link

    func send(_ event: Event) -> OutboundAdmission {
        link.write(event)
        return .accepted
    }

    func send(_ event: SharedEvent) -> OutboundAdmission {
        send(event.event)
    }

    var isPressed: Bool { link.device.isSlow }

    func ping() {
        guard link.isHeld, let session = link.session else { return }
        session.assumeIsolated { $0.noteActivity() }
    }

    func close(_ reason: EndReason, after event: Event?) {
        if let event { link.write(event) }
        link.close(reason)
    }
}

extension ConversationID {
    /// Short enough for a line of the history.
    var summary: String {
        switch self {
        case .direct(let pair): "dm:\(pair.first.description.suffix(2)):\(pair.second.description.suffix(2))"
        case .channel(let name): "ch:\(name)"
        }
    }
}

extension [ConversationID: Int64] {
    fileprivate var summary: String {
        map { "\($0.key.summary)=\($0.value)" }.sorted().joined(separator: " ")
    }
}

extension Command {
    fileprivate var summary: String {
        switch self {
        case .send(let send): "SEND \(send.clientMessageID)"
        case .conversation(let command): "\(command)".prefix(60).description
        case .sync(let sync): "SYNC \(sync.cursors.summary) stamp \(sync.stamp?.value ?? 0)\(sync.hasMore ? " more" : "")"
        default: "\(self)"
        }
    }
}

extension Event {
    fileprivate var summary: String {
        switch self {
        case .welcome(let welcome): "WELCOME stamp \(welcome.stamp?.value ?? 0)"
        case .ack(let ref, let message, let isDuplicate): "ACK \(ref ?? "") \(message?.seq ?? 0)\(isDuplicate ? " duplicate" : "")"
        case .error(let ref, let error): "ERROR \(ref ?? "") \(error.code.rawValue)"
        case .messageReceived(let message, _, let isReplayed):
            "MESSAGE \(message.clientMessageID) \(message.seq) \(message.conversationID.summary)\(isReplayed ? " replayed" : "")"
        case .messageUpdated(let message, _): "UPDATE \(message.clientMessageID) rev \(message.rev)"
        case .channelJoined(_, let name, let lastSeq, _): "JOINED \(name) \(lastSeq)"
        case .synced(_, let synced): "SYNCED \(synced.cursors.summary) stamp \(synced.stamp.value)"
        case .readReceipt(let cursor): "READ \(cursor.seq)"
        case .clusterStatus(let isDegraded): "CLUSTER_STATUS \(isDegraded)"
        default: "\(self)".prefix(40).description
        }
    }
}
