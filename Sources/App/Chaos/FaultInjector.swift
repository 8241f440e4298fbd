import Actors
import Glibc
import LocalCluster
import Transport

/// Makes things fail, and well again.
final class FaultInjector: Sendable {
    private let cluster: ChaosCluster
    private let clients: [ChaosClient]
    private let clock: RunClock
    private let records = Locked<[FaultRecord]>([])

    init(cluster: ChaosCluster, clients: [ChaosClient], clock: RunClock) {
        self.cluster = cluster
        self.clients = clients
        self.clock = clock
    }

    /// What was done.
    var done: [FaultRecord] { records.withLock { $0 } }

    /// Carries out a fault; returns when it is over.
    func inject(_ fault: Fault) async {
        let place = records.withLock { records in
            // Until it is over nobody knows when it will be.
            records.append(FaultRecord(kind: fault.kind, instance: fault.instance, began: clock.now, ended: .seconds(1 << 40)))
            return records.count - 1
        }
        do {
            switch fault.kind.area {
            case .bus: try await failBus(fault)
            case .store: try await failStore(fault)
            case .instance: try await failInstance(fault)
            case .clients: await failClients(fault)
            case .nothing: await last(fault)
            }
        } catch {
            // Two faults at once may be in each other's way: no Redis answers a command while it is killed.
        }
        records.withLock { $0[place].ended = clock.now }
    }

    private func last(_ fault: Fault) async {
        try? await Task.sleep(for: fault.duration)
    }

    private func failBus(_ fault: Fault) async throws {
        let redis = cluster.redis
        switch fault.kind {
        case .redisKill:
            await redis.kill()
            await last(fault)
            try await redis.restart()
        case .redisFreeze:
            redis.pause()
            await last(fault)
            redis.resume()
        case .redisKillPubSub: try await command("CLIENT", "KILL", "TYPE", "pubsub")
        case .redisKillNormal: try await command("CLIENT", "KILL", "TYPE", "normal")
        case .redisFlush: try await command("FLUSHALL")
        case .redisPause:
            try await command("CLIENT", "PAUSE", "\(fault.duration.milliseconds)", "ALL")
            await last(fault)
        case .redisTinyBuffer:
            try await command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1024 512 1")
            await last(fault)
            try await command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 33554432 8388608 60")
        case .busLinkCut: try await fail(cluster.busLinks, fault, .cut)
        case .busLinkStall: try await fail(cluster.busLinks, fault, .stalled)
        case .busLinkDelay: try await fail(cluster.busLinks, fault, .delayed(.milliseconds(300)))
        default: break
        }
    }

    private func command(_ arguments: String...) async throws {
        try await within(.seconds(10), arguments[0]) { [redis = cluster.redis] in _ = try await redis.command(arguments) }
    }

    private func failStore(_ fault: Fault) async throws {
        switch fault.kind {
        case .storeLinkCut: try await fail(cluster.storeLinks, fault, .cut)
        case .storeLinkStall: try await fail(cluster.storeLinks, fault, .stalled)
        case .storeLinkDelay: try await fail(cluster.storeLinks, fault, .delayed(.milliseconds(100)))
        case .storeKill:
            await cluster.mongo?.kill()
            await last(fault)
            try await cluster.mongo?.restart()
        case .storeFailPoint:
            guard let uri = cluster.mongo?.uri(database: "admin") else { return }
            // Not a primary, as while another one is elected.
            try await MongoFailPoint.begin(uri: uri, commands: ["insert", "update", "find"], errorCode: 10_107)
            await last(fault)
            try await MongoFailPoint.end(uri: uri)
        case .storeLock: try await SQLiteWriteLock.hold(path: String(cluster.databaseURI.dropFirst("sqlite:".count)), for: fault.duration)
        default: break
        }
    }

    private func fail(_ links: [FaultyLink], _ fault: Fault, _ mode: FaultyLink.Mode) async throws {
        guard let instance = fault.instance else { return }
        try await links[instance].set(mode)
        await last(fault)
        try await links[instance].set(.open)
    }

    private func failInstance(_ fault: Fault) async throws {
        switch (fault.kind, fault.instance.map { cluster.instances[$0] }) {
        case (.instanceKill, let instance?):
            instance.end(SIGKILL)
            try await instance.waitUntilUp()
        case (.instanceFreeze, let instance?):
            instance.signal(SIGSTOP)
            await last(fault)
            instance.signal(SIGCONT)
        default:
            for instance in cluster.instances {
                instance.end(SIGTERM)
                try await instance.waitUntilUp()
            }
        }
    }

    private func failClients(_ fault: Fault) async {
        let some = clients.shuffled().prefix(max(1, clients.count / 6))
        let until = clock.now + fault.duration
        for client in some {
            switch fault.kind {
            case .clientsHalfOpen: client.order(.halfOpen(until: until))
            case .clientsSlow: client.order(.stopReading(until: until))
            default: client.order(.cut)
            }
        }
        await last(fault)
    }

    /// Undoes what a fault that failed may have left behind.
    func heal() async throws {
        for link in cluster.busLinks + cluster.storeLinks { try await link.set(.open) }
        if cluster.redis.processIdentifier == nil { try await cluster.redis.restart() }
        cluster.redis.resume()
        try? await command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 33554432 8388608 60")
        if let mongo = cluster.mongo {
            if mongo.processIdentifier == nil { try await mongo.restart() }
            try? await MongoFailPoint.end(uri: mongo.uri(database: "admin"))
        }
        for instance in cluster.instances { instance.signal(SIGCONT) }
    }
}
