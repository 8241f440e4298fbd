import NIOCore
import NIOPosix

/// A TCP proxy between a program and a server on this machine, on which the network can be made to fail.
package final class FaultyLink: Sendable {
    package enum Mode: Hashable, Sendable {
        /// Passes everything on.
        case open
        /// Has no connection and takes none.
        case cut
        /// Keeps the connections and takes new ones, and passes nothing on.
        case stalled
        /// Passes on what comes so much later.
        case delayed(Duration)
    }

    /// Where it listens on the loopback address.
    package let port: Int
    private let listener: any Channel
    private let relays: Relays

    private init(listener: any Channel, port: Int, relays: Relays) {
        self.listener = listener
        self.port = port
        self.relays = relays
    }

    /// Listens on a free port.
    ///
    /// - Parameter target: the server's port on the loopback address.
    package static func start(to target: Int) async throws -> FaultyLink {
        // All of a link is on one event loop, so that neither order nor mode needs a lock.
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let relays = Relays(loop: loop)
        let listener = try await ServerBootstrap(group: loop)
            .childChannelInitializer { front in
                guard relays.mode != .cut else { return front.close() }
                return ClientBootstrap(group: loop).connect(host: "127.0.0.1", port: target).flatMap { back in
                    loop.makeCompletedFuture {
                        try relays.join(front, back)
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        guard let port = listener.localAddress?.port else { throw ChildProcessError("a link without a port") }
        return FaultyLink(listener: listener, port: port, relays: relays)
    }

    /// Changes what happens from now on; returns when it does.
    package func set(_ mode: Mode) async throws {
        let relays = relays
        try await relays.loop.submit { relays.change(to: mode) }.get()
    }

    /// Ends the link and its connections.
    package func stop() async {
        try? await set(.cut)
        try? await listener.close()
    }
}

/// The connections of one link.
private final class Relays: @unchecked Sendable {
    // Unchecked, as the variables are confined to the event loop.

    let loop: any EventLoop
    private(set) var mode = FaultyLink.Mode.open
    private var relays: [ObjectIdentifier: Relay] = [:]

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func join(_ front: any Channel, _ back: any Channel) throws {
        for (channel, other) in [(front, back), (back, front)] {
            let relay = Relay(from: channel, to: other, relays: self)
            try channel.pipeline.syncOperations.addHandler(relay)
            relays[ObjectIdentifier(relay)] = relay
        }
        // It may have been cut while the back connected.
        if mode == .cut { front.close(promise: nil) }
    }

    func forget(_ relay: Relay) {
        relays[ObjectIdentifier(relay)] = nil
    }

    func change(to mode: FaultyLink.Mode) {
        self.mode = mode
        for relay in Array(relays.values) { relay.modeChanged() }
    }
}

/// One direction of one connection.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let channel: any Channel
    private let other: any Channel
    private let relays: Relays
    private var waiting: CircularBuffer<(due: NIODeadline, bytes: ByteBuffer)> = []

    init(from channel: any Channel, to other: any Channel, relays: Relays) {
        self.channel = channel
        self.other = other
        self.relays = relays
    }

    func modeChanged() {
        guard relays.mode != .cut else {
            channel.close(promise: nil)
            return
        }
        pass()
        // What is stalled waits in the sockets, as on a network that loses everything.
        setReading(relays.mode != .stalled)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let delay: Duration = if case .delayed(let delay) = relays.mode { delay } else { .zero }
        waiting.append((.now() + TimeAmount(delay), unwrapInboundIn(data)))
        pass()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Whoever writes to this end waits while it takes nothing.
        let isReading = context.channel.isWritable && relays.mode != .stalled
        other.setOption(.autoRead, value: isReading).whenComplete { _ in }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        relays.forget(self)
        other.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func setReading(_ isReading: Bool) {
        channel.setOption(.autoRead, value: isReading).whenComplete { _ in }
    }

    private func pass() {
        guard relays.mode != .stalled else { return }
        let now = NIODeadline.now()
        var hasPassed = false
        while let first = waiting.first, first.due <= now {
            waiting.removeFirst()
            other.write(first.bytes, promise: nil)
            hasPassed = true
        }
        if hasPassed { other.flush() }
        guard let next = waiting.first else { return }
        channel.eventLoop.assumeIsolated().scheduleTask(deadline: next.due) { self.pass() }
    }
}
