import Actors
import LocalCluster
import NIOCore
import Transport

/// Many sends into one conversation at the same time: two people, each with half of them unanswered on one connection. (Were each on a
/// connection of its own, every message would be delivered to all others, and the deliveries would be what is measured.)
struct SharedConversationBenchmark: Sendable {
    /// Sends at the same time.
    let sends: Int
    let duration: Duration
    let group: any EventLoopGroup

    func run() async throws -> [Figure] {
        let database = try await BenchDatabase.start(.mongodb)
        return try await doing {
            try await run(on: database)
        } finally: {
            await database.stop()
        }
    }

    private func run(on database: BenchDatabase) async throws -> [Figure] {
        let users = try await BenchUser.seed(2, in: database)
        let server = try await BenchServer.start("bench", in: database)
        let scenario = "mongodb \(sends) into one"
        let tally = Tally()
        var senders: [ClosedLoopSender] = []
        for number in 0...1 {
            senders.append(
                try await .connect(
                    users[number],
                    sendingTo: users[1 - number].userID,
                    id: "s\(number)",
                    depth: (sends + number) / 2,
                    at: server.url,
                    on: group.next(),
                    tally: tally
                )
            )
        }
        for sender in senders { sender.start() }
        let measurement = try await SendMeasurement.take(scenario, on: server, tally: tally, duration: duration, goal: nil)
        for sender in senders { sender.stop() }
        try await finish(senders, tally: tally)
        try await server.stop()
        let conversation = ConversationID.direct(UserPair(users[0].userID, users[1].userID))
        try await checkStore(conversation, holds: tally.counts.acknowledged, in: database)
        let bare = BareInserts(database: database, senders: users, conversations: [conversation], duration: min(duration, .seconds(5)))
        let goal: Figure.Goal? = sends == 50 ? .atLeast(0.8) : nil
        return measurement.figures + (try await bare.run(scenario, beside: server, rate: measurement.rate, goal: goal))
    }

    /// Waits for the last answers, and checks that each message had one and was delivered once.
    private func finish(_ senders: [ClosedLoopSender], tally: Tally) async throws {
        try await DurableBenchmark.wait("the last answers") {
            !senders.contains { $0.isWaiting } && tally.counts.received >= senders.reduce(0) { $0 + $1.sent }
        }
        let counts = tally.counts
        let sent = senders.reduce(0) { $0 + $1.sent }
        guard counts.acknowledged == sent, counts.received == sent, counts.unexpected == 0 else {
            throw BenchFailure(
                "\(sent) sent, \(counts.acknowledged) acknowledged, \(counts.received) received, \(counts.unexpected) unexpected"
            )
        }
        for sender in senders { sender.disconnect() }
    }

    private func checkStore(_ conversation: ConversationID, holds acknowledged: Int, in database: BenchDatabase) async throws {
        let store = try await database.open()
        let newest = try await store.messages(in: conversation, before: nil, after: nil, limit: 1).messages.first
        await store.close()
        guard newest?.seq == Int64(acknowledged) else {
            throw BenchFailure("\(acknowledged) acknowledged, but \(newest?.seq ?? 0) stored")
        }
    }
}
