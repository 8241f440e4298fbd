import Actors
import TestSupport
import Testing

@Suite("Everything at once leaves a consistent end", .timeLimit(.minutes(3)))
struct ConcurrencyTests {
    /// A hundred sessions of one user connect, send and are kicked at the same time.
    @Test func connectSendAndKickAtOnce() async throws {
        let instance = Instance()
        let ada = try await instance.register("ada")
        let bob = try await instance.register("bob")
        let receiver = await instance.connect(bob)
        let connections = try await withThrowingTaskGroup(of: Connection.self) { group in
            for index in 0..<100 {
                group.addTask {
                    let connection = await instance.open(ada.principal)
                    for count in 0..<5 {
                        try await connection.send("\(index)-\(count)", to: bob.user.userID, id: "m\(index)-\(count)")
                    }
                    return connection
                }
            }
            group.addTask {
                await instance.bus.published.wait(count: 50)
                _ = try await instance.moderation.ban(ada.user.userID, by: nil, reason: nil)
                return receiver
            }
            return try await group.reduce(into: [Connection]()) { $0.append($1) }
        }
        for connection in connections where connection.session !== receiver.session {
            #expect(await connection.outbound.waitForClose() == .suspended)
        }

        let stored = try await instance.store.messages(
            in: .direct(UserPair(ada.user.userID, bob.user.userID)),
            before: nil,
            after: 0,
            limit: 1_000
        ).messages
        #expect(stored.map(\.seq) == Array(1...Int64(stored.count)))
        let delivered = await receiver.outbound.waitForMessages(stored.count)
        #expect(delivered == stored)
        await receiver.session.connectionClosed()
        await instance.registry.waitUntilEmpty()
        let acked = connections.flatMap { $0.outbound.outputs.elements.compactMap(\.acked) }
        #expect(Set(acked).isSubset(of: Set(stored)))
        #expect(Set(acked).count == acked.count)
    }

    @Test func connectionsComeAndGoWithoutATrace() async throws {
        let instance = Instance()
        var people: [LogIn] = []
        for index in 0..<20 { people.append(try await instance.register("user\(index)")) }
        let logIns = people
        await withDiscardingTaskGroup { group in
            for index in 0..<1_000 {
                group.addTask {
                    let connection = await instance.open(logIns[index % logIns.count].principal)
                    if index.isMultiple(of: 3) { await connection.outbound.outputs.wait(count: 1) }
                    await connection.session.connectionClosed()
                }
            }
        }
        await instance.registry.waitUntilEmpty()
        #expect(await instance.registry.counts == (0, 0))
    }

    /// What each member is written is what the channel holds from some message on, without a hole, whatever happens around.
    @Test func joinLeaveAndBroadcastAtOnce() async throws {
        let instance = Instance()
        let general = try #require(ChannelName("general"))
        let ada = try await instance.register("ada")
        _ = try await instance.environment.conversations.createChannel("general", title: nil, by: ada.user.userID)
        let sender = await instance.connect(ada)
        let steady = await instance.connect(try await instance.register("steady"))
        try await sender.join(general)
        try await steady.join(general)
        var people: [LogIn] = []
        for index in 0..<20 { people.append(try await instance.register("user\(index)")) }
        let logIns = people
        let comers = try await withThrowingTaskGroup(of: [Connection].self) { group in
            group.addTask {
                for index in 0..<200 { try await sender.send("\(index)", to: general, id: "m\(index)") }
                _ = await sender.acks(200)
                return []
            }
            for logIn in logIns {
                group.addTask {
                    var connections: [Connection] = []
                    for _ in 0..<10 {
                        let connection = await instance.connect(logIn)
                        try await connection.join(general)
                        connections.append(connection)
                        try await connection.leave(general)
                        await connection.executor.settle()
                        await connection.session.connectionClosed()
                    }
                    return connections
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let stored = try await instance.store.messages(in: .channel(general), before: nil, after: 0, limit: 1_000).messages
        #expect(await steady.outbound.waitForMessages(200) == stored)
        for connection in comers {
            let seqs = connection.outbound.messages.map(\.seq)
            #expect(seqs == seqs.first.map { first in Array(first..<first + Int64(seqs.count)) } ?? [])
        }
        #expect(comers.count == 200)
    }

    /// Everybody leaves while messages are under way: each `ACK` that was written is of a message that is stored.
    @Test func drainUnderLoad() async throws {
        let instance = Instance()
        var people: [LogIn] = []
        for index in 0..<20 { people.append(try await instance.register("user\(index)")) }
        let logIns = people
        let connections = await withTaskGroup(of: Connection.self) { group in
            for logIn in logIns { group.addTask { await instance.connect(logIn) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        try await withThrowingDiscardingTaskGroup { group in
            for (index, connection) in connections.enumerated() {
                group.addTask {
                    for count in 0..<20 {
                        let next = logIns[(index + count) % logIns.count].user.userID
                        try await connection.send("\(index)-\(count)", to: next, id: "m\(index)-\(count)")
                    }
                }
            }
            group.addTask {
                await instance.bus.published.wait(count: 20)
                await instance.registry.goAway(within: .seconds(1))
                for connection in connections {
                    await connection.outbound.outputs.wait { $0.contains { if case .goAway = $0.event { true } else { false } } }
                }
                instance.time.advance(by: .seconds(1))
                for connection in connections { await connection.session.tick() }
            }
        }
        for connection in connections {
            #expect(await connection.outbound.waitForClose() == .goingAway)
            #expect(connection.outbound.events.contains { if case .goAway = $0 { true } else { false } })
        }
        await instance.registry.waitUntilEmpty()
        let published = instance.bus.published.elements.compactMap { if case .message(let message) = $0 { message } else { nil } }
        for connection in connections {
            for acked in connection.outbound.outputs.elements.compactMap(\.acked) { #expect(published.contains(acked)) }
        }
    }

    /// Ten thousand connections of two hundred users come, send, join and go at once; then nothing of them is left.
    @Test func nothingOutlivesItsConnection() async throws {
        let instance = Instance()
        let general = try #require(ChannelName("general"))
        var people: [LogIn] = []
        for index in 0..<200 { people.append(try await instance.register("user\(index)")) }
        _ = try await instance.environment.conversations.createChannel("general", title: nil, by: people[0].user.userID)
        let logIns = people
        let traces = Recorder<WeakActors>()
        let presence = Task { await instance.presence.run() }
        try await withThrowingDiscardingTaskGroup { group in
            for worker in 0..<50 {
                group.addTask {
                    for turn in 0..<200 {
                        let logIn = logIns[(worker * 7 + turn) % logIns.count]
                        let connection = await instance.open(logIn.principal, resumes: turn.isMultiple(of: 5))
                        if turn.isMultiple(of: 3) { await connection.outbound.outputs.wait(count: 1) }
                        if turn.isMultiple(of: 6) { try await connection.join(general) }
                        if turn.isMultiple(of: 4) {
                            try await connection.send("x", to: logIns[worker].user.userID, id: "\(worker)-\(turn)")
                        }
                        let user = await instance.registry.user(logIn.user.userID)
                        traces.append(
                            WeakActors(session: connection.session, user: user, channel: instance.registry.channels.channel(general))
                        )
                        await connection.session.connectionClosed()
                    }
                }
            }
        }
        await instance.registry.waitUntilEmpty()
        #expect(await instance.registry.counts == (0, 0))
        #expect(instance.registry.channels.count == 0)
        presence.cancel()
        await presence.value
        // The last messages are still on their way to users who have gone.
        for _ in 0..<500 where traces.elements.contains(where: \.isAlive) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(traces.elements.count { $0.isAlive } == 0)
        #expect(traces.elements.count == 10_000)
    }
}

/// Actors that are gone when nobody holds them.
private struct WeakActors: Sendable {
    private weak let session: SessionActor?
    private weak let user: UserActor?
    private weak let channel: ChannelActor?

    init(session: SessionActor, user: UserActor?, channel: ChannelActor?) {
        (self.session, self.user, self.channel) = (session, user, channel)
    }

    var isAlive: Bool { session != nil || user != nil || channel != nil }
}
