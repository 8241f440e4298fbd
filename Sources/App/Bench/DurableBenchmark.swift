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

    private static let warmUp = Duration.seconds(2)

    func run() async throws -> [Figure] {
        let directory = try TemporaryDirectory()
        let users = try await BenchUser.seed(clients * 2, in: directory)
        let server = try await BenchServer.start("bench", in: directory)
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
        let figures = try await measure(senders, on: server, tally: tally)
        try await finish(senders, tally: tally)
        for sender in senders { sender.disconnect() }
        for recipient in recipients { recipient.disconnect() }
        try await server.stop()
        try await checkStore(of: users.prefix(clients), holds: tally.counts.acknowledged, in: directory)
        return figures
    }

    private func measure(_ senders: [ClosedLoopSender], on server: BenchServer, tally: Tally) async throws -> [Figure] {
        for sender in senders { sender.start() }
        try await Task.sleep(for: Self.warmUp)
        let clientMeter = ProcessMeter.own
        let processorBefore = try server.meter.processorTime()
        let clientBefore = try clientMeter.processorTime()
        tally.beginMeasuring()
        let start = ContinuousClock.now
        try await Task.sleep(for: duration)
        let counts = tally.counts
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let processor = try server.meter.processorTime() - processorBefore
        let client = try clientMeter.processorTime() - clientBefore
        for sender in senders { sender.stop() }
        let done = Double(counts.latencies.count)
        guard done > 0 else { throw BenchFailure("nothing was acknowledged") }
        let scenario = "durable \(clients)\(recipientsAreConnected ? " delivered" : "")"
        let goal: Figure.Goal? = clients == 50 && !recipientsAreConnected ? .atLeast(5_000) : nil
        return [Figure(scenario, "acknowledged", done / elapsed, "/s", goal: goal)]
            + counts.latencies.figures(scenario, "ACK") + [
                Figure(scenario, "processor time of the server", processor / .microseconds(1) / done, "µs each"),
                Figure(scenario, "processor time of the load client", client / .microseconds(1) / done, "µs each"),
            ]
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

    private func checkStore(of users: ArraySlice<BenchUser>, holds acknowledged: Int, in directory: TemporaryDirectory) async throws {
        let store = try await SQLiteStore.open(path: BenchUser.databasePath(in: directory))
        var stored = 0
        for user in users {
            stored += try await store.conversations(of: user.userID, limit: 10).reduce(0) { $0 + Int($1.lastSeq) }
        }
        await store.close()
        guard stored == acknowledged else { throw BenchFailure("\(acknowledged) acknowledged, but \(stored) stored") }
    }

    /// Waits until something is so, which nobody tells; at most 10 s.
    static func wait(_ what: String, until isSo: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !isSo() {
            guard ContinuousClock.now < deadline else { throw BenchFailure("\(what) did not come") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
