import Actors
import TestSupport
import Testing

@Suite("Everything at once leaves a consistent end")
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
}
