import Actors
import TestSupport
import Testing

@Suite("Presence reaches who wants to know, over instances and without a directory", .timeLimit(.minutes(3)))
struct PresenceHubTests {
    private struct Node: Sendable {
        let instance: Instance
        let directory: InMemoryPresence
        let keeper: LeaseKeeper

        init(_ name: String, _ cluster: InMemoryPresence.Cluster, store: InMemoryStore, time: ManualTime) {
            let identity = InstanceIdentity(instanceID: name, boot: "boot-\(name)")
            let directory = InMemoryPresence(cluster, identity: identity, time: time)
            let instance = Instance(name, store: store, time: time, directory: directory)
            self.directory = directory
            self.instance = instance
            keeper = LeaseKeeper(directory: directory, hub: instance.presence, instanceID: name, time: time, expiry: .seconds(86_400)) {
                InstanceReport(
                    instanceID: name,
                    version: "1",
                    host: "here",
                    startedAt: time.now(),
                    heartbeatAt: time.now(),
                    connections: 0,
                    users: 0,
                    bus: "ok",
                    store: "ok"
                )
            }
        }
    }

    /// Runs presence on instances while `body` runs.
    private func running(_ hubs: [PresenceHub], _ keepers: [LeaseKeeper] = [], _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for hub in hubs { group.addTask { await hub.run() } }
            for keeper in keepers { group.addTask { try await keeper.run() } }
            defer { group.cancelAll() }
            try await body()
        }
    }

    private func statuses(_ connection: Connection) -> [PresenceStatus] {
        connection.outbound.outputs.elements.compactMap { $0.presence?.status }
    }

    @Test("Without a directory an instance tells of its own users")
    func alone() async throws {
        let a = Instance()
        let ada = try await a.register("ada")
        let bob = try await a.register("bob")
        try await running([a.presence]) {
            let watcher = await a.connect(bob)
            await watcher.receive(.success(.presence(.watch([ada.user.userID]))), ref: "w")
            await watcher.outbound.outputs.wait { $0.contains { $0.states?.map(\.status) == [.offline] } }
            let first = await a.connect(ada)
            await a.time.waitForSleepers(1)
            a.time.advance(by: .seconds(1))
            await watcher.outbound.outputs.wait { $0.contains { $0.presence?.status == .online } }
            await first.receive(.success(.presence(.set(.busy))), ref: "s")
            await first.outbound.outputs.wait { $0.contains { $0.ackedRef == "s" } }
            await a.time.waitForSleepers(1)
            a.time.advance(by: .seconds(1))
            await watcher.outbound.outputs.wait { $0.contains { $0.presence?.status == .busy } }
            await first.session.connectionClosed()
            await a.time.waitForSleepers(1)
            a.time.advance(by: .seconds(1))
            await watcher.outbound.outputs.wait { $0.contains { $0.presence?.status == .offline } }
            #expect(statuses(watcher) == [.online, .busy, .offline])
            #expect(await a.presence.onlineUsers(limit: 10).count == 1)
            #expect(await a.presence.onlineCount(among: [ada.user.userID, bob.user.userID]) == 1)
        }
    }

    @Test("Commands that come before the welcome are answered after it; 501 users are refused and nothing is watched")
    func commands() async throws {
        let a = Instance()
        let ada = try await a.register("ada")
        let fixture = Fixture(seed: 9)
        try await running([a.presence]) {
            let connection = await a.open(ada.principal)
            let many = (0..<501).map { _ in fixture.id(UserID.self) }
            await connection.receive(.success(.presence(.watch(many))), ref: "many")
            await connection.receive(.success(.presence(.watch([ada.user.userID]))), ref: "one")
            await connection.receive(.success(.presence(.unwatch([ada.user.userID]))), ref: "none")
            let errors = await connection.errors(1)
            #expect(errors.map(\.code) == [.badRequest])
            #expect(errors.first?.message.contains("500") == true)
            let outputs = await connection.outbound.outputs.wait { $0.count { $0.states != nil } >= 2 }
            #expect(Set(outputs.compactMap { $0.states?.count }) == [0, 1])
            #expect(outputs.compactMap(\.states).first { $0.count == 1 }?.first?.status == .online)
        }
    }

    @Test("The first socket in the cluster is told, the second is not; the last is, and a status is in between")
    func cluster() async throws {
        let cluster = InMemoryPresence.Cluster()
        let store = InMemoryStore()
        let time = ManualTime()
        let a = Node("A", cluster, store: store, time: time)
        let b = Node("B", cluster, store: store, time: time)
        let ada = try await a.instance.register("ada")
        let user = ada.user.userID
        try await running([a.instance.presence, b.instance.presence], [a.keeper, b.keeper]) {
            // Both leases are held when both keepers wait for their next turn.
            await time.waitForSleepers(2)
            let onA = await a.instance.connect(ada)
            await a.directory.published.wait(count: 1)
            let onB = await b.instance.connect(ada)
            await b.directory.updates.wait(count: 1)
            await onB.receive(.success(.presence(.set(.away))), ref: "s")
            await b.directory.published.wait(count: 1)
            await onA.session.connectionClosed()
            await a.directory.updates.wait(count: 2)
            #expect(cluster.sockets(of: user).count == 1)
            #expect(await a.instance.presence.presence(of: [user]).map(\.status) == [.away])
            #expect(await a.instance.presence.otherInstances(of: user, than: "A") == ["B"])
            await onB.session.connectionClosed()
            await b.directory.published.wait(count: 2)
            #expect(a.directory.published.elements.map(\.kind) == [.online])
            #expect(b.directory.published.elements.map(\.kind) == [.status, .offline])
            #expect(cluster.sockets(of: user).isEmpty)
        }
    }

    @Test("With the directory away presence is this instance's own; back and empty, all is put in again without an event")
    func outage() async throws {
        let cluster = InMemoryPresence.Cluster()
        let time = ManualTime()
        let a = Node("A", cluster, store: InMemoryStore(), time: time)
        let ada = try await a.instance.register("ada")
        let bob = try await a.instance.register("bob")
        try await running([a.instance.presence], [a.keeper]) {
            await time.waitForSleepers(1)
            _ = await a.instance.connect(ada)
            await a.directory.published.wait(count: 1)
            cluster.setAway(true)
            cluster.flush()
            #expect(await a.instance.presence.presence(of: [ada.user.userID]).map(\.status) == [.online])
            _ = await a.instance.connect(bob)
            #expect(await a.instance.presence.onlineUsers(limit: 10).count >= 1)
            cluster.setAway(false)
            // The next attempts find the directory, no lease in it, and claim a new one.
            while cluster.sockets(of: ada.user.userID).isEmpty || cluster.sockets(of: bob.user.userID).isEmpty {
                time.advance(by: .milliseconds(500))
                try await Task.sleep(for: .milliseconds(1))
            }
            let events = await a.directory.published.wait(count: 2)
            #expect(events.map(\.userID) == [ada.user.userID, bob.user.userID])
        }
    }

    @Test("People who begin to talk hear of each other")
    func met() async throws {
        let a = Instance()
        let ada = try await a.register("ada")
        let bob = try await a.register("bob")
        try await running([a.presence]) {
            let watcher = await a.connect(bob)
            a.presence.met(UserPair(ada.user.userID, bob.user.userID))
            // The second answer comes when all that was left before the first is done.
            for count in 1...2 {
                await watcher.receive(.success(.presence(.unwatch([]))))
                await watcher.outbound.outputs.wait { $0.count { $0.states != nil } == count }
            }
            _ = await a.connect(ada)
            await a.time.waitForSleepers(1)
            a.time.advance(by: .seconds(1))
            await watcher.outbound.outputs.wait { $0.contains { $0.presence?.status == .online } }
        }
    }
}

extension RecordingOutbound.Output {
    fileprivate var presence: UserPresence? {
        guard case .presence(let presence) = event else { return nil }
        return presence
    }

    fileprivate var states: [UserPresence]? {
        guard case .presenceState(_, let states) = event else { return nil }
        return states
    }

    fileprivate var ackedRef: String? {
        guard case .ack(let ref, _, _) = event else { return nil }
        return ref
    }
}
