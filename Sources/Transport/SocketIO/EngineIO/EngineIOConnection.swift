package import Actors
package import NIOCore

/// One Engine.IO session: carries out what its state says, over long polling, a WebSocket connection, or first one and then the other.
///
/// It lives on one event loop, whatever loops its requests come on.
package final class EngineIOConnection: LoopMember, @unchecked Sendable {
    // Unchecked, as it is confined to its event loop; the server and its sockets come there before they touch it.

    package let sid: String
    package let handshake: EngineIOHandshake
    let loop: SessionLoop
    var position: Int?
    private let configuration: EngineIOConfiguration
    private let opensOnWebSocket: Bool
    /// Knows the session by its id.
    private weak let server: EngineIOServer?
    private var state: EngineIOState
    private var receiver: (any EngineIOReceiver)?
    private var socket: EngineIOSocket? {
        didSet { home = socket?.handlerAtHome }
    }
    /// The socket's own handler, where it is on this loop and what is sent need not be handed over.
    private var home: WebSocketHandler?
    private var probe: EngineIOSocket?
    private var poll: PendingPoll?
    private var post: (any Channel)?
    /// While packets go by long polling.
    private var waiting: OutboundQueue<ByteBuffer>
    /// The end of a session that waits for the GET that fetches it, behind what waits.
    private var farewell: [ByteBuffer] = []
    private var timer: Scheduled<Void>?
    private var isFlushScheduled = false

    init(
        sid: String,
        handshake: EngineIOHandshake,
        loop: SessionLoop,
        transport: EngineIOState.Transport,
        configuration: EngineIOConfiguration,
        receiver: any EngineIOReceiver,
        server: EngineIOServer?
    ) {
        self.sid = sid
        self.handshake = handshake
        self.loop = loop
        self.configuration = configuration
        self.receiver = receiver
        self.server = server
        opensOnWebSocket = transport == .webSocket
        state = EngineIOState(transport: transport, configuration: configuration, now: Self.now)
        waiting = OutboundQueue(limit: configuration.outboundLimit)
    }

    package var eventLoop: any EventLoop { loop.eventLoop }

    /// Runs actors and work on the session's event loop.
    package var executor: EventLoopExecutor { loop.executor }

    static var now: Duration { .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }
}

// What those above say.
extension EngineIOConnection {
    /// Writes a packet.
    ///
    /// - Parameter frame: the packet as a WebSocket frame of this server.
    package func send(_ frame: ByteBuffer, isEssential: Bool) -> OutboundAdmission {
        loop.eventLoop.assertInEventLoop()
        if let home { return home.send(frame, isEssential: isEssential) }
        switch state.transport {
        case nil:
            return .skipped
        case .webSocket:
            return socket?.send(frame, isEssential: isEssential) ?? .skipped
        case .polling:
            switch waiting.offer(frame, bytes: frame.readableBytes, isEssential: isEssential, isWritable: false, buffered: 0) {
            case .write, .wait:
                flushSoon()
                return .accepted
            case .skip: return .skipped
            case .overflow: return .overflow
            }
        }
    }

    /// Has what was sent go out now, where it need not be handed over first.
    func flush() {
        home?.flush()
    }

    /// Those of long polling: a WebSocket connection tells its own.
    var waitingBytes: Int { waiting.bytes }

    /// Whether half of what may wait for the client waits.
    package var isPressed: Bool {
        state.transport == .webSocket ? socket?.isPressed ?? false : configuration.outboundLimit.isPressed(by: waiting.bytes)
    }

    /// Ends the session by the server's will.
    ///
    /// - Parameter frames: written before the end, as WebSocket frames of this server.
    package func close(_ reason: EndReason, after frames: [ByteBuffer] = []) {
        close(ConnectionEnding(reason), after: frames)
    }

    func close(_ ending: ConnectionEnding, after frames: [ByteBuffer] = []) {
        let action = state.end(now: Self.now)
        guard action != .none else { return }
        if ending.jumpsQueue { waiting.removeAll() }
        farewell = frames + [EngineIOPacket(.close).frame]
        switch action {
        case .none:
            break
        case .closeSocket:
            socket?.close(ending, after: frames)
            finish()
        case .answer:
            answerPoll(takeWaiting() + farewell)
            finish()
        case .wait:
            leave()
            schedule()
        }
    }
}

// What the client's requests and sockets bring.
extension EngineIOConnection {
    /// Begins a session that long polling opens.
    ///
    /// - Returns: the answer to its first request.
    func open() -> ByteBuffer {
        let packet = openPacket(upgrades: true)
        begin()
        return EngineIOPayload.encode([packet.frame])
    }

    func pollBegan(_ poll: PendingPoll) {
        let answer = poll.answer
        let action = state.pollBegan(hasWaiting: !waiting.isEmpty, now: Self.now)
        switch action {
        case .park, .parkBriefly:
            self.poll = poll
            if action == .parkBriefly { schedule() }
            // It may have been cut off on its way here.
            if poll.isAborted { pollAborted(poll) }
        case .answer:
            answer(.success(EngineIOPayload.encode(takeWaiting())))
        case .closeAndRefuse:
            answerPoll([EngineIOPacket(.close).frame])
            answer(.failure(.badRequest))
            finish()
        case .timeOutAndRefuse:
            answer(.failure(.unknownSession))
            finish()
        case .sayFarewell:
            answer(.success(EngineIOPayload.encode(takeWaiting() + farewell)))
            finish()
        case .refuse(let error):
            answer(.failure(error))
        }
    }

    func pollAborted(_ poll: PendingPoll) {
        guard self.poll === poll else { return }
        if state.pollAborted() { finish() }
    }

    /// - Parameter channel: closed where the session ends before the body is there.
    /// - Returns: nil where the body is to be read.
    func postBegan(on channel: any Channel) -> EngineIOError? {
        switch state.postBegan() {
        case .read:
            post = channel
            return nil
        case .closeAndRefuse:
            post = nil
            answerPoll([EngineIOPacket(.close).frame])
            finish()
            return .badRequest
        case .refuse(let error):
            return error
        }
    }

    /// - Parameter body: nil where it can't be read.
    func postEnded(_ body: Result<ByteBuffer, EngineIOError>) -> EngineIOError? {
        post = nil
        guard state.postEnded() else { return .unknownSession }
        switch body {
        case .failure(let error):
            cutOff()
            return error
        case .success(let body):
            do throws(EngineIOViolation) {
                for packet in try EngineIOPayload.decode(body) {
                    try receive(packet)
                }
                return nil
            } catch {
                cutOff()
                return .badRequest
            }
        }
    }

    /// A WebSocket connection came: the session's own, or one that is to take over.
    func arrived(_ socket: EngineIOSocket) {
        if opensOnWebSocket, self.socket == nil, receiver != nil, position == nil {
            self.socket = socket
            _ = socket.send(openPacket(upgrades: false).frame, isEssential: true)
            begin()
        } else if state.probeArrived(now: Self.now) {
            probe = socket
            schedule()
        } else {
            socket.close(.normal)
        }
    }

    func received(_ message: WebSocketMessage, from socket: EngineIOSocket) {
        do throws(EngineIOViolation) {
            let packet = message.isBinary ? EngineIOPacket(binary: message.payload) : try EngineIOPacket(parsing: message.payload)
            if socket === self.socket {
                try receive(packet)
            } else if socket === probe {
                receive(packet, onProbe: socket)
            }
        } catch {
            if socket === self.socket {
                socket.close(.unreadable)
                cutOff()
            } else {
                dropProbe()
            }
        }
    }

    func disconnected(_ socket: EngineIOSocket) {
        let neverArrived = opensOnWebSocket && position == nil
        if socket === self.socket || neverArrived {
            cutOff()
        } else if socket === probe {
            probe = nil
            state.probeEnded()
        }
    }

    private func receive(_ packet: EngineIOPacket) throws(EngineIOViolation) {
        let now = Self.now
        switch try state.received(packet, now: now) {
        case .ignore:
            if packet.kind == .pong { schedule() }
        case .deliver:
            try receiver?.receive(packet.payload, isBinary: packet.isBinary)
        case .close:
            answerPoll([EngineIOPacket(.noop).frame])
            socket?.close(.normal)
            finish()
        }
    }

    private func receive(_ packet: EngineIOPacket, onProbe socket: EngineIOSocket) {
        switch state.receivedOnProbe(packet) {
        case .answer:
            _ = socket.send(EngineIOPacket(.pong, EngineIOState.probeText).frame, isEssential: true)
            answerPoll([EngineIOPacket(.noop).frame])
        case .takeOver:
            probe = nil
            self.socket = socket
            server?.changedOver(self)
            answerPoll([EngineIOPacket(.noop).frame])
            for frame in takeWaiting() where socket.send(frame, isEssential: true) == .overflow {
                close(.slowConsumer)
                break
            }
            schedule()
        case .abandon:
            dropProbe()
        }
    }
}

// The session's life.
extension EngineIOConnection {
    func tick() {
        receiver?.tick()
    }

    func flushFrames() -> Int {
        isFlushScheduled = false
        guard poll != nil, state.transport == .polling, !waiting.isEmpty else { return 0 }
        let frames = takeWaiting()
        answerPoll(frames)
        return frames.count
    }

    private func flushSoon() {
        guard !isFlushScheduled, poll != nil else { return }
        isFlushScheduled = true
        loop.flushSoon(self)
    }

    private func begin() {
        loop.add(self)
        schedule()
        receiver?.opened(self)
    }

    private func openPacket(upgrades: Bool) -> EngineIOPacket {
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.beginObject()
        writer.field("sid", sid)
        writer.beginArray("upgrades")
        if upgrades { writer.element("websocket") }
        writer.endArray()
        writer.field("pingInterval", configuration.pingInterval.milliseconds)
        writer.field("pingTimeout", configuration.pingTimeout.milliseconds)
        writer.field("maxPayload", Int64(configuration.maxPayload))
        writer.endObject()
        return EngineIOPacket(.open, writer.buffer)
    }

    private func takeWaiting() -> [ByteBuffer] {
        var frames: [ByteBuffer] = []
        while let frame = waiting.next() { frames.append(frame) }
        return frames
    }

    /// Answers the parked GET, if there is one.
    private func answerPoll(_ frames: [ByteBuffer]) {
        guard let poll else { return }
        self.poll = nil
        state.pollAnswered()
        poll.answer(.success(EngineIOPayload.encode(frames)))
    }

    /// The transport has gone, or can't be read any more.
    private func cutOff() {
        if state.cutOff() { finish() }
    }

    private func dropProbe() {
        let socket = probe
        probe = nil
        state.probeEnded()
        socket?.close(.normal)
    }

    private func schedule() {
        timer?.cancel()
        timer = nil
        guard let deadline = state.nextDeadline else { return }
        let time = NIODeadline.uptimeNanoseconds(UInt64(max(0, deadline.inNanoseconds)))
        timer = loop.eventLoop.scheduleTask(deadline: time) { self.timePassed() }
    }

    private func timePassed() {
        while true {
            switch state.timePassed(now: Self.now) {
            case .none:
                return schedule()
            case .ping:
                if send(EngineIOPacket(.ping).frame, isEssential: true) == .overflow { return close(.slowConsumer) }
            case .abandonProbe:
                dropProbe()
            case .answerNoop:
                answerPoll([EngineIOPacket(.noop).frame])
            case .timeOut:
                answerPoll([EngineIOPacket(.close).frame])
                socket?.close(ConnectionEnding(.heartbeatTimeout))
                return finish()
            case .forget:
                return finish()
            }
        }
    }

    /// Lets those above go: nothing more comes of this session but its end.
    private func leave() {
        loop.remove(self)
        let receiver = self.receiver
        self.receiver = nil
        receiver?.closed()
    }

    private func finish() {
        timer?.cancel()
        timer = nil
        poll?.answer(.failure(.unknownSession))
        poll = nil
        post?.close(promise: nil)
        post = nil
        dropProbe()
        socket = nil
        waiting.removeAll()
        farewell = []
        leave()
        server?.forget(self)
    }
}

extension Duration {
    fileprivate var inNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
