import Actors
import LocalCluster
import NIOCore
import NIOPosix
import Transport

/// An instance to which everybody comes back at once after another one has died: each brings a `SYNC` and is told what was missed.
struct ReconnectBenchmark: Sendable {
    let sessions: Int
    let group: any EventLoopGroup
    var database = BenchDatabase.Kind.sqlite

    /// How many connections are being opened at the same time: more would wait in the system's queue.
    private static let atOnce = 256
    /// Messages that each lacks in each of its two conversations.
    private static let missed = 2

    func run() async throws -> [Figure] {
        let database = try await BenchDatabase.start(self.database)
        return try await doing {
            try await run(in: database)
        } finally: {
            await database.stop()
        }
    }

    private func run(in database: BenchDatabase) async throws -> [Figure] {
        let users = try await BenchUser.seed(sessions, in: database)
        let stamp = try await seedMessages(of: users, in: database)
        let server = try await BenchServer.start("bench", in: database)
        let tally = ReconnectTally()
        let processorBefore = try server.meter.processorTime()
        let start = ContinuousClock.now
        let connections = try await comeBack(users, since: stamp, to: server, tally)
        let elapsed = ContinuousClock.now - start
        let processor = try server.meter.processorTime() - processorBefore
        let received = tally.received
        for connection in connections { connection.disconnect() }
        try await server.stop()
        let expected = users.count * 2 * Self.missed
        guard received == expected else { throw BenchFailure("\(expected) messages were missed, \(received) came") }
        guard let queries = server.process.log.lazy.compactMap(Self.queries).last else {
            throw BenchFailure("the server doesn't say how much it asked its store")
        }
        let scenario = "reconnect \(sessions) \(self.database.rawValue)"
        return [
            Figure(scenario, "until all are synced", elapsed / .seconds(1), "s", goal: .atMost(3)),
            Figure(scenario, "store queries a session", Double(queries) / Double(users.count), "", goal: .atMost(2)),
            Figure(scenario, "processor time of the server", processor / .microseconds(1) / Double(users.count), "µs each"),
        ]
    }

    /// Each writes to the next one: what they had, and then what they missed.
    ///
    /// - Returns: the stamp between the two.
    private func seedMessages(of users: [BenchUser], in database: BenchDatabase) async throws -> Stamp {
        let store = try await database.open()
        let drafts = BenchDrafts()
        func say() async throws {
            for start in stride(from: 0, to: users.count, by: 500) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for place in start..<min(users.count, start + 500) {
                        let (sender, other) = (users[place].userID, users[(place + 1) % users.count].userID)
                        let draft = try drafts.next(by: sender, place)
                        group.addTask { _ = try await store.append([draft], to: .direct(UserPair(sender, other))) }
                    }
                    try await group.waitForAll()
                }
            }
        }
        try await say()
        let stamp = try await store.watermark()
        for _ in 0..<Self.missed { try await say() }
        await store.close()
        return stamp
    }

    private func comeBack(
        _ users: [BenchUser],
        since stamp: Stamp,
        to server: BenchServer,
        _ tally: ReconnectTally
    ) async throws -> [LoadConnection] {
        let connections = try await withThrowingTaskGroup(of: LoadConnection.self) { tasks in
            var waiting = Array(users.enumerated())[...]
            var connections: [LoadConnection] = []
            func next() {
                guard let (place, user) = waiting.popFirst() else { return }
                let others = [users[(place + 1) % users.count], users[(place + users.count - 1) % users.count]]
                let sync = Self.sync(user, others, since: stamp)
                tasks.addTask {
                    let connection = try await LoadConnection.connect(user, to: server.url, path: "/ws?resume=1", on: group.next()) {
                        tally.take($0, $1)
                    }
                    connection.send(sync)
                    return connection
                }
            }
            for _ in 0..<Self.atOnce { next() }
            while let connection = try await tasks.next() {
                connections.append(connection)
                next()
            }
            return connections
        }
        try await DurableBenchmark.wait("every SYNCED", for: .seconds(60)) { tally.synced == users.count }
        return connections
    }

    private static func sync(_ user: BenchUser, _ others: [BenchUser], since stamp: Stamp) -> String {
        let cursors = others.map { "\"\(ConversationID.direct(UserPair(user.userID, $0.userID)))\":1" }.joined(separator: ",")
        return #"{"type":"SYNC","ref":"s","cursors":{\#(cursors)},"stamp":"\#(stamp.value)"}"#
    }

    /// What the store says of itself when it is closed.
    private static func queries(_ line: String) -> Int? {
        guard line.contains("store_closed"), let found = line.firstRange(of: "\"queries\":") else { return nil }
        return Int(line[found.upperBound...].prefix { $0.isNumber })
    }
}

/// What came back to all of them.
final class ReconnectTally: Sendable {
    private struct State {
        var synced = 0
        var received = 0
    }

    private let state = Locked(State())

    var synced: Int { state.withLock { $0.synced } }
    var received: Int { state.withLock { $0.received } }

    func take(_ kind: LoadConnection.Kind, _ frame: ByteBuffer) {
        switch kind {
        case .message: state.withLock { $0.received += 1 }
        // `SYNCED`
        case .other where frame.getInteger(at: frame.readerIndex + 9, as: UInt16.self) == 0x5359: state.withLock { $0.synced += 1 }
        case .welcome, .ack, .error, .other: break
        }
    }
}
