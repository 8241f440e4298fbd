import Actors
import LocalCluster
import NIOCore
import Transport

/// Direct messages in a closed loop on one instance: each client sends one, waits until it is stored, sends the next.
struct DurableBenchmark: Sendable {
    let clients: Int
    /// Whether the recipients are connected too, so that each message is delivered besides being stored.
    let recipientsAreConnected: Bool
    let duration: Duration
    let group: any EventLoopGroup
    var database = BenchDatabase.Kind.sqlite

    func run() async throws -> [Figure] {
        let database = try await BenchDatabase.start(database)
        return try await doing {
            try await run(on: database)
        } finally: {
            await database.stop()
        }
    }

    private var scenario: String {
        "\(database == .sqlite ? "durable" : "mongodb") \(clients)\(recipientsAreConnected ? " delivered" : "")"
    }

    private func run(on database: BenchDatabase) async throws -> [Figure] {
        let users = try await BenchUser.seed(clients * 2, in: database)
        let server = try await BenchServer.start("bench", in: database)
        let tally = Tally()
        let loop = group.next()
        var senders: [ClosedLoopSender] = []
        for number in 0..<clients {
            let recipient = users[clients + number].userID
            senders.append(
                try await .connect(users[number], sendingTo: recipient, id: "s\(number)", at: server.url, on: loop, tally: tally)
            )
        }
        var recipients: [LoadConnection] = []
        for user in users[clients...] where recipientsAreConnected {
            recipients.append(
                try await .connect(user, to: server.url, on: loop) { kind, _ in
                    if case .message = kind { tally.received() } else { tally.unexpected() }
                }
            )
        }
        for sender in senders { sender.start() }
        // The first message of two people makes their conversation, which is another matter.
        try await Self.wait("each client's first answer", for: .seconds(60)) { senders.allSatisfy { $0.sent > 1 } }
        let goal: Figure.Goal? = !recipientsAreConnected && database.kind == .sqlite ? .atLeast(10_000) : nil
        let measurement = try await SendMeasurement.take(scenario, on: server, tally: tally, duration: duration, goal: goal)
        for sender in senders { sender.stop() }
        try await finish(senders, tally: tally)
        for sender in senders { sender.disconnect() }
        for recipient in recipients { recipient.disconnect() }
        try await server.stop()
        try await checkStore(of: users.prefix(clients), holds: tally.counts.acknowledged, in: database)
        return measurement.figures + (try await bare(users, beside: server, rate: measurement.rate, on: database))
    }

    /// What MongoDB does without the server; SQLite has a row of its own.
    private func bare(
        _ users: [BenchUser],
        beside server: BenchServer,
        rate: Double,
        on database: BenchDatabase
    ) async throws -> [Figure] {
        guard database.kind == .mongodb else { return [] }
        let conversations = (0..<clients).map { ConversationID.direct(UserPair(users[$0].userID, users[clients + $0].userID)) }
        let bare = BareInserts(
            database: database,
            senders: Array(users.prefix(clients)),
            conversations: conversations,
            duration: min(duration, .seconds(5))
        )
        let goal: Figure.Goal? = recipientsAreConnected ? nil : .atLeast(0.8)
        return try await bare.run(scenario, beside: server, rate: rate, goal: goal)
    }

    /// Waits for the last answers and deliveries, and checks that each message had what it should.
    private func finish(_ senders: [ClosedLoopSender], tally: Tally) async throws {
        let sent = senders.reduce(0) { $0 + $1.sent }
        let expected = recipientsAreConnected ? sent : 0
        try await Self.wait("the last answers") {
            !senders.contains { $0.isWaiting } && tally.counts.received >= expected
        }
        let counts = tally.counts
        let finallySent = senders.reduce(0) { $0 + $1.sent }
        let finallyReceived = recipientsAreConnected ? finallySent : 0
        guard counts.acknowledged == finallySent, counts.received == finallyReceived, counts.unexpected == 0 else {
            throw BenchFailure(
                "\(finallySent) sent, \(counts.acknowledged) acknowledged, \(counts.received) received, \(counts.unexpected) unexpected"
            )
        }
    }

    private func checkStore(of users: ArraySlice<BenchUser>, holds acknowledged: Int, in database: BenchDatabase) async throws {
        let store = try await database.open()
        var stored = 0
        for user in users {
            stored += try await store.conversations(of: user.userID, limit: 10).reduce(0) { $0 + Int($1.lastSeq) }
        }
        await store.close()
        guard stored == acknowledged else { throw BenchFailure("\(acknowledged) acknowledged, but \(stored) stored") }
    }

    /// Waits until something is so, which nobody tells; at most 10 s.
    static func wait(_ what: String, for limit: Duration = .seconds(10), until isSo: () -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while !isSo() {
            guard ContinuousClock.now < deadline else { throw BenchFailure("\(what) did not come") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
