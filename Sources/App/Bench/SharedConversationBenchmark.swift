import Actors
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization
import Transport

/// Many who write into one conversation at the same time, each in a closed loop over HTTP: two people with as many devices as it takes.
/// Over HTTP, since each message would go to all other devices' sockets and the deliveries would be what is measured.
struct SharedConversationBenchmark: Sendable {
    let clients: Int
    let duration: Duration
    let group: any EventLoopGroup

    func run() async throws -> [Figure] {
        let database = try await BenchDatabase.start(.mongodb)
        do {
            let figures = try await run(on: database)
            await database.stop()
            return figures
        } catch {
            await database.stop()
            throw error
        }
    }

    private func run(on database: BenchDatabase) async throws -> [Figure] {
        let users = try await BenchUser.seed(2, in: database)
        let server = try await BenchServer.start("bench", in: database)
        let scenario = "mongodb \(clients) into one"
        let tally = Tally()
        let measurement = try await withHTTP { http in
            try await send(users, to: server, http: http, tally: tally) {
                try await SendMeasurement.take(scenario, on: server, tally: tally, duration: duration, goal: nil)
            }
        }
        try await server.stop()
        let conversation = ConversationID.direct(UserPair(users[0].userID, users[1].userID))
        let store = try await database.open()
        let newest = try await store.messages(in: conversation, before: nil, after: nil, limit: 1).messages.first
        await store.close()
        let acknowledged = tally.counts.acknowledged
        guard newest?.seq == Int64(acknowledged) else {
            throw BenchFailure("\(acknowledged) acknowledged, but \(newest?.seq ?? 0) stored")
        }
        let bare = BareInserts(database: database, senders: users, conversations: [conversation], duration: min(duration, .seconds(5)))
        let goal: Figure.Goal? = clients == 50 ? .atLeast(0.7) : nil
        return measurement.figures + (try await bare.run(scenario, beside: server, rate: measurement.rate, goal: goal))
    }

    /// Runs `body` while the clients send, and returns when each has its last answer.
    private func send(
        _ users: [BenchUser],
        to server: BenchServer,
        http: HTTPClient,
        tally: Tally,
        _ body: () async throws -> SendMeasurement
    ) async throws -> SendMeasurement {
        let isOver = Flag()
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            for client in 0..<clients {
                let sender = users[client % 2]
                let recipient = users[(client + 1) % 2].userID
                tasks.addTask {
                    let api = APIClient(http: http, base: server.url, token: sender.token)
                    var number = 0
                    while !isOver.isSet {
                        number += 1
                        try await Self.send(number, of: client, to: recipient, api, tally)
                    }
                }
            }
            let measurement: SendMeasurement
            do {
                measurement = try await body()
            } catch {
                tasks.cancelAll()
                throw error
            }
            isOver.set()
            try await tasks.waitForAll()
            return measurement
        }
    }

    private static func send(_ number: Int, of client: Int, to recipient: UserID, _ api: APIClient, _ tally: Tally) async throws {
        let start = ContinuousClock.now
        let answer = try await api.call(
            .POST,
            "/api/messages",
            [
                "recipientId": .string(recipient.description), "content": .string(LoadConnection.content(number)),
                "clientMessageId": .string("s\(client)-\(number)"),
            ]
        )
        guard answer.status == 201 else { throw BenchFailure("a message was answered with \(answer.status) \(answer.code ?? "")") }
        tally.acknowledged(after: Int64((ContinuousClock.now - start) / .nanoseconds(1)))
    }

    /// A client with a connection for each sender.
    private func withHTTP<Value>(_ body: (HTTPClient) async throws -> Value) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = clients
        let http = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        do {
            let value = try await body(http)
            try await http.shutdown()
            return value
        } catch {
            try? await http.shutdown()
            throw error
        }
    }
}

/// Whether the senders are to stop.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() {
        value.store(true, ordering: .relaxed)
    }
}
