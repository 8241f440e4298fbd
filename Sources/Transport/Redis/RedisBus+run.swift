import Actors
import Metrics
import NIOCore
import ServiceLifecycle
import Synchronization

extension RedisBus {
    private enum Exit {
        /// One task of several is done, the others go on.
        case done
        case stop
        case failed(BusStartError)
    }

    private static let disabledReason = "Redis unavailable or timeout"

    private var channels: [String] {
        BusChannel.allCases.map(\.rawValue)
    }

    /// Connects, and stays connected, until the task is cancelled or a graceful shutdown begins; then what is queued is flushed.
    ///
    /// - Throws: `BusStartError` where the bus is required and was not reached in time.
    package func run() async throws {
        guard core.withLock({ $0.state.start() }) else { return }
        let failure = await withTaskGroup(of: Exit.self) { group in
            group.addTask { await self.stayConnected() }
            group.addTask { await self.limitStart() }
            group.addTask { await self.answerReturns() }
            group.addTask { await self.answerOverflows() }
            group.addTask { await self.waitForStop() }
            var failure: BusStartError?
            for await exit in group {
                switch exit {
                case .done: continue
                case .stop: group.cancelAll()
                case .failed(let error):
                    failure = error
                    group.cancelAll()
                }
            }
            return failure
        }
        let unsent = core.withLock { core in
            core.state.stop()
            defer { core.outgoing.removeAll() }
            return core.outgoing.count
        }
        gate.decide(.success(.disabled(reason: "stopped")))
        finishStreams()
        log.stopped(unsent: unsent)
        if let failure { throw failure }
    }

    private func stayConnected() async -> Exit {
        while !Task.isCancelled {
            let followed = core.withLock { $0.subscriptions.beginSubscribing() }
            do throws(RedisError) {
                let link = try await RedisLink.open(
                    configuration,
                    known: known,
                    name: "switchboard-\(identity.instanceID)",
                    channels: channels + [BusChannel.probe(of: identity.instanceID)] + (isClustered ? [] : followed),
                    shards: isClustered ? followed : [],
                    on: eventLoop,
                    timeout: options.connectTimeout
                ) { event in
                    switch event {
                    case .message(let channel, let payload): self.receive(channel: channel, payload: payload)
                    case .changed(let channel): self.subscriptionAnswered(channel: channel)
                    case .interrupted(let channel): self.core.withLock { $0.subscriptions.interrupted(channel) }
                    }
                }
                await use(link)
            } catch {
                core.withLock { _ = $0.subscriptions.disconnected() }
                noteFailure(error)
            }
            let delay = core.withLock { $0.state.nextAttempt(using: &$0.random) }
            guard let delay, (try? await time.sleep(for: delay)) != nil else { break }
        }
        return .done
    }

    /// Has the link carry the bus until it ends or no probe comes back.
    private func use(_ link: RedisLink) async {
        let now = time.uptime()
        let (success, drainable, late) = core.withLock { core -> (BusState.Success, RedisLink?, [BusTopic]) in
            let success = core.state.subscribed(at: now)
            guard success != .unwanted else { return (success, nil, []) }
            core.lastConnectError = nil
            return (success, core.outgoing.connected(link), core.subscriptions.connected())
        }
        guard success != .unwanted else { return link.close() }
        changes.yield(.connected)
        changeSubscriptionsSoon()
        tellLate(late)
        if let drainable { eventLoop.execute { self.drain(drainable) } }
        announce(success, over: link)
        let channel = BusChannel.probe(of: identity.instanceID)
        let reason = await link.watch(probing: channel, token: identity.boot, time: time, limit: options.probeTimeout) {
            let now = self.time.uptime()
            return self.core.withLock { $0.state.probe(at: now) }
        } refused: { code in
            self.log.publishFailed(channel: channel, code: code)
        }
        release(link, because: reason)
    }

    private func release(_ link: RedisLink, because reason: RedisError) {
        let now = time.uptime()
        let isStopping = Task.isCancelled
        let (isNews, waiters) = core.withLock { core in
            core.outgoing.disconnected()
            return (isStopping ? false : core.state.lost(at: now), core.subscriptions.disconnected())
        }
        link.close()
        for waiter in waiters { waiter.fire() }
        guard isNews else { return }
        changes.yield(.reconnecting)
        metrics.lost.increment()
        log.lost(reason)
    }

    private func announce(_ success: BusState.Success, over link: RedisLink) {
        switch success {
        case .unwanted:
            break
        case .initialized:
            log.initialized(channels: channels, routing: options.routing)
            gate.decide(.success(.connected))
        case .enabled:
            log.initialized(channels: channels, routing: options.routing)
            log.enabled()
            returned.yield(Return(link: link, down: nil))
        case .restored(let down):
            returned.yield(Return(link: link, down: down))
        }
        if let report = core.withLock({ $0.dropped.remainder() }) { log.publishDropped(report) }
    }

    /// Has made up for what was missed: beside the link, whose own loss is to be noticed however long that takes.
    private func answerReturns() async -> Exit {
        for await back in returns where isCurrent(back.link) {
            let reconciled = await onRestored()
            // Lost again meanwhile: it isn't back, and the next return makes up for both.
            if let down = back.down, isCurrent(back.link) { log.restored(down: down, reconciled: reconciled) }
        }
        return .done
    }

    private func isCurrent(_ link: RedisLink) -> Bool {
        core.withLock { $0.outgoing.link === link }
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

    private func limitStart() async -> Exit {
        guard (try? await time.sleep(for: options.initTimeout)) != nil else { return .done }
        let (verdict, lastError) = core.withLock { core in
            let verdict = core.state.startTimedOut()
            // Nobody hears these, and the store has them.
            if verdict != .none { core.outgoing.removeAll() }
            // Under the lock: a connection that is made now comes after it.
            if verdict == .disable { changes.yield(.unreached) }
            return (verdict, core.lastConnectError)
        }
        switch verdict {
        case .none:
            return .done
        case .disable:
            log.initTimeout(options.initTimeout)
            log.disabled(reason: Self.disabledReason, nodeEnvironment: options.nodeEnvironment)
            gate.decide(.success(.disabled(reason: Self.disabledReason)))
            return .done
        case .fail:
            log.initTimeout(options.initTimeout)
            let error = BusStartError(
                endpoint: configuration.description,
                reason: lastError?.message ?? "no answer",
                timeout: options.initTimeout
            )
            gate.decide(.failure(error))
            return .failed(error)
        }
    }

    /// Dropped events may have been missed for good: that is the same as a bus that is back.
    private func answerOverflows() async -> Exit {
        for await _ in overflow.stream { _ = await onRestored() }
        return .done
    }

    private func waitForStop() async -> Exit {
        guard (try? await gracefulShutdown()) != nil else { return .stop }
        if waitingHints > 0 { await idle.wait(atMost: options.flushTimeout, time) { self.waitingHints == 0 } }
        return .stop
    }
}
