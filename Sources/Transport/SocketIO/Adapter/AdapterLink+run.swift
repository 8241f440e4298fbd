import Actors
import NIOCore

extension AdapterLink {
    /// Where this life of the instance hears whether Redis still answers.
    var probe: String { BusChannel.probe(of: "\(identity.instanceID):socketio") }

    /// Connects, and stays connected, until the task is cancelled.
    func run() async {
        guard core.withLock({ $0.state.start() }) else { return }
        while !Task.isCancelled {
            let rooms = core.withLock { $0.rooms.beginSubscribing() }
            do throws(RedisError) {
                await use(try await open(rooms: rooms))
            } catch {
                core.withLock { _ = $0.rooms.disconnected() }
                noteFailure(error)
            }
            let delay = core.withLock { $0.state.nextAttempt(using: &$0.random) }
            guard let delay, (try? await time.sleep(for: delay)) != nil else { break }
        }
        core.withLock { core in
            core.state.stop()
            core.outgoing.removeAll()
        }
        finish()
    }

    /// Waits until everything is out, at most so long.
    func flush(within limit: Duration) async {
        guard !core.withLock({ $0.outgoing.isEmpty }) else { return }
        await idle.wait(atMost: limit, time) { self.core.withLock { $0.outgoing.isEmpty } }
    }

    /// With the classic format broadcasts come over a pattern, and requests over a channel of which the other instances count the
    /// subscribers: whoever hears it answers.
    private func open(rooms: [String]) async throws(RedisError) -> RedisLink {
        try await RedisLink.open(
            configuration,
            known: known,
            name: "switchboard-\(identity.instanceID)-socketio",
            channels: format == .classic ? [probe, channels.name(of: .requests)] : [probe],
            patterns: format == .classic ? [channels.broadcasts] : [],
            shards: format == .sharded ? [channels.name(of: .everybody)] + rooms : [],
            on: eventLoop,
            timeout: options.connectTimeout
        ) { self.receive($0) }
    }

    private func use(_ link: RedisLink) async {
        let now = time.uptime()
        let (success, drainable) = core.withLock { core -> (BusState.Success, RedisLink?) in
            let success = core.state.subscribed(at: now)
            guard success != .unwanted else { return (success, nil) }
            core.lastConnectError = nil
            _ = core.rooms.connected()
            return (success, core.outgoing.connected(link))
        }
        guard success != .unwanted else { return link.close() }
        log.connected(success, format: format)
        changeSubscriptionsSoon()
        if let drainable { eventLoop.execute { self.drain(drainable) } }
        let reason = await link.watch(probing: probe, token: identity.boot, time: time, limit: options.probeTimeout) {
            let now = self.time.uptime()
            return self.core.withLock { $0.state.probe(at: now) }
        } refused: { code in
            self.log.publishFailed(code: code)
        }
        release(link, because: reason)
    }

    private func release(_ link: RedisLink, because reason: RedisError) {
        let now = time.uptime()
        let isStopping = Task.isCancelled
        let isNews = core.withLock { core in
            core.outgoing.disconnected()
            _ = core.rooms.disconnected()
            return isStopping ? false : core.state.lost(at: now)
        }
        link.close()
        if isNews { log.lost(reason) }
    }

    /// On the event loop, where commands are written in the order in which they are made.
    func changeSubscriptionsSoon() {
        eventLoop.execute {
            let (link, commands) = self.core.withLock { core -> (RedisLink?, [SubscriptionCommand]) in
                guard let link = core.outgoing.link else { return (nil, []) }
                return (link, core.rooms.nextCommands())
            }
            for command in commands { link?.change(command, .shards) }
        }
    }

    /// The reason of a failed attempt is told once; its repetitions aren't.
    private func noteFailure(_ error: RedisError) {
        guard !Task.isCancelled else { return }
        let isNews = core.withLock { core in
            defer { core.lastConnectError = error }
            return core.lastConnectError != error
        }
        if isNews { log.connectFailed(error, endpoint: configuration.description) }
    }
}
