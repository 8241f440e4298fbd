package import Actors
import Metrics
import ServiceLifecycle

/// Shares rooms with Node.js instances of Socket.IO over Redis: brings their broadcasts to the clients here, carries out their orders,
/// and answers what they ask.
package final class SocketIOAdapter: Service {
    private struct Core {
        var awaited = AwaitedAnswers()
        var rejections = WindowCounter(limit: 20, window: .seconds(1))
        var dropped = LossReport()
    }

    /// Questions that wait for their answer, at most.
    private static let questionLimit = 256

    private let link: AdapterLink
    private let roster: AdapterRoster
    private let freshness: FreshnessGate
    private let rules: AdapterRules
    private let core = Locked(Core())
    /// Questions that take their time: what comes behind them doesn't wait.
    private let questions: AsyncStream<AdapterQuestion>
    private let asked: AsyncStream<AdapterQuestion>.Continuation

    /// - Parameters:
    ///   - link: to be run by this alone.
    ///   - registry: knows who is in which channel here.
    package init(link: AdapterLink, registry: Registry) {
        self.link = link
        roster = AdapterRoster(registry: registry)
        freshness = registry.freshness
        rules = AdapterRules(format: link.format)
        (questions, asked) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.questionLimit))
    }

    /// The wall-clock time.
    var now: Timestamp { link.time.now() }

    /// A client has connected; other instances reach it until `remove`.
    package func add(_ socket: any AdapterSocket) {
        roster.add(socket)
    }

    package func remove(_ socketID: String) {
        for room in roster.remove(socketID) { link.unfollow(room) }
    }

    /// Works until the task is cancelled or a graceful shutdown begins; then what waits is published, for a second at most.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.link.run() }
            group.addTask {
                for await message in self.link.incoming {
                    await self.handle(message, AdapterReceipt(message, over: self.link))
                }
            }
            group.addTask { for await question in self.questions { await self.answer(question) } }
            group.addTask {
                guard (try? await gracefulShutdown()) != nil else { return }
                await self.link.flush(within: .seconds(1))
            }
            // The link ends by itself only when it is cancelled; the streams end with it.
            await group.next()
            group.cancelAll()
        }
    }

    private func handle(_ message: AdapterLink.Incoming, _ receipt: AdapterReceipt) async {
        switch rules.receive(message.payload, from: message.channel, isLocal: { roster.mayHaveMembers(in: $0) }) {
        case .ignore: break
        case .reject(let reason): reject(reason)
        case .deliver(let broadcast): await deliver(broadcast, receipt)
        case .obey(let order): await obey(order, receipt)
        case .answer(let question): await take(question, receipt)
        }
    }

    private func reject(_ reason: AdapterRejection) {
        link.log.rejected(reason)
        let now = link.time.uptime()
        if core.withLock({ !$0.rejections.exceeds(at: now) }) { link.log.messageRejected(reason) }
    }

    private func deliver(_ broadcast: AdapterBroadcast, _ receipt: AdapterReceipt) async {
        let sockets = await audience(of: broadcast)
        guard !sockets.isEmpty else { return }
        let packet = AdapterPacket(broadcast)
        hop(sockets, receipt) { $0.emit(packet) }
    }

    /// Has `body` run for each socket, with one hop for those that share an executor. Nobody waits for it; the receipt does.
    private func hop(_ sockets: [any AdapterSocket], _ receipt: AdapterReceipt, _ body: @escaping @Sendable (any AdapterSocket) -> Void) {
        for group in Dictionary(grouping: sockets, by: { ObjectIdentifier($0.executor) }).values {
            group[0].executor.execute {
                for socket in group { body(socket) }
                withExtendedLifetime(receipt) {}
            }
        }
    }

    /// Nobody while bans may have been missed: then nothing is delivered here at all.
    private func audience(of broadcast: AdapterBroadcast) async -> [any AdapterSocket] {
        freshness.isStale ? [] : await roster.sockets(broadcast.target)
    }

    private func obey(_ order: AdapterOrder, _ receipt: AdapterReceipt) async {
        switch order {
        case .join(let target, let rooms):
            for room in roster.join(rooms, await roster.sockets(target)) { link.follow(room) }
        case .leave(let target, let rooms):
            for room in roster.leave(rooms, await roster.sockets(target)) { link.unfollow(room) }
        case .disconnect(let target, let closesTransport):
            hop(await roster.sockets(target), receipt) { $0.disconnect(closesTransport: closesTransport) }
        }
    }

    /// What changes or emits something happens in its turn; what only asks may come behind what follows.
    private func take(_ question: AdapterQuestion, _ receipt: AdapterReceipt) async {
        switch question.subject {
        case .broadcast(let broadcast):
            await emit(broadcast, for: question, receipt)
        case .order(let order, let socketID):
            guard await !roster.sockets(AdapterTarget(rooms: [socketID])).isEmpty else { return }
            await obey(order, receipt)
            link.answer(.done, to: question)
        case .serverSideEmit:
            link.answer(.serverSideEmit, to: question)
        case .fetchSockets, .socketIDs, .allRooms:
            guard case .dropped = asked.yield(question) else { return }
            link.log.receiveDropped.increment()
            let now = link.time.uptime()
            if let report = core.withLock({ $0.dropped.add(1, at: now) }) { link.log.dropped(received: report) }
        }
    }

    /// How many clients are asked is told before the first of them can answer.
    private func emit(_ broadcast: AdapterBroadcast, for question: AdapterQuestion, _ receipt: AdapterReceipt) async {
        let sockets = await audience(of: broadcast)
        let now = link.time.uptime()
        let ackID = core.withLock { $0.awaited.expect(sockets.count, for: question, at: now) }
        link.answer(.clientCount(ackID == nil ? 0 : sockets.count), to: question)
        guard !sockets.isEmpty else { return }
        let packet = AdapterPacket(broadcast, ackID: ackID)
        hop(sockets, receipt) { socket in
            guard ackID != nil else { return socket.emit(packet) }
            socket.emit(packet) { value in
                guard self.core.withLock({ $0.awaited.acknowledged(question) }) else { return }
                self.link.answer(.acknowledgement(value), to: question)
            }
        }
    }

    private func answer(_ question: AdapterQuestion) async {
        switch question.subject {
        case .fetchSockets(let target):
            link.answer(.sockets(await roster.describe(await roster.sockets(target))), to: question)
        case .socketIDs(let rooms):
            let sockets = await roster.sockets(AdapterTarget(rooms: rooms))
            link.answer(.socketIDs(sockets.map(\.socketID)), to: question)
        case .allRooms:
            link.answer(.rooms(await roster.rooms()), to: question)
        case .serverSideEmit, .broadcast, .order:
            break
        }
    }
}
