import Actors
import AsyncHTTPClient

/// People in a ring, each of whom writes to the one before and the one after, whatever happens to their instances meanwhile; and what became
/// of their messages.
struct Crowd: Sendable {
    private static let restLimit = Duration.seconds(90)
    private static let atOnce = 16

    let clients: [ChaosClient]
    private let clock: RunClock

    /// Registers the people.
    ///
    /// - Parameters:
    ///   - count: at least 3.
    ///   - ports: where they connect, on this machine: each connection is to another one than the last, where there is another.
    ///   - base: an instance that registers them.
    ///   - interval: how often each writes, on average.
    static func make(
        _ count: Int,
        connectingTo ports: [Int],
        registeredAt base: String,
        every interval: Duration
    ) async throws -> Crowd {
        let addresses = ports.map { "http://127.0.0.1:\($0)" }
        let clock = RunClock()
        let visitor = APIClient(http: .shared, base: base)
        let prefix = "crowd" + SystemRandomNumberGenerator.hexadecimal(bytes: 4)
        var accounts: [(number: Int, account: APIClient.Account)] = []
        for start in stride(from: 0, to: count, by: atOnce) {
            accounts += try await withThrowingTaskGroup(of: (Int, APIClient.Account).self) { group in
                for number in start..<min(count, start + atOnce) {
                    group.addTask { (number, try await visitor.register("\(prefix)-\(number)", password: ChaosClient.password)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        let clients = accounts.sorted { $0.number < $1.number }.map { number, account in
            ChaosClient(number: number, account: account, api: visitor, addresses: addresses, clock: clock, interval: interval)
        }
        for client in clients { try client.pair(with: clients[(client.number + 1) % clients.count]) }
        return Crowd(clients: clients, clock: clock)
    }

    var now: Duration { clock.now }

    /// Whether everybody has a connection on which nothing is missing.
    var isSynced: Bool { clients.allSatisfy(\.isSynced) }

    /// Has everybody connect, then write for as long as `body` takes; waits until all is acknowledged and everybody has seen everything.
    ///
    /// - Parameters:
    ///   - port: of an instance that is there in the end; what it stores is compared with what was seen.
    ///   - body: does to the instances what there is to do, and says when enough was written.
    /// - Returns: what there is to judge.
    func write(comparedWith port: Int, _ body: @escaping @Sendable (Crowd) async throws -> Void) async throws -> History {
        let stored = try await withThrowingTaskGroup(of: Void.self) { group in
            for client in clients { group.addTask { await client.run() } }
            defer { for client in clients { client.stop() } }
            try await waitUntilSynced()
            for client in clients { client.setSilent(false) }
            try await body(self)
            for client in clients { client.setSilent(true) }
            try await until("every ACK") { clients.allSatisfy { $0.isSynced && !$0.hasPending } }
            let stored = try await StoredHistory(http: .shared, addresses: ["http://127.0.0.1:\(port)"]).read(of: clients)
            let last = stored.mapValues { Int64($0.count) }
            // What doesn't come is found by whoever judges.
            try? await until("every message") { clients.allSatisfy { !$0.lacks(last) } }
            return stored
        }
        return History(clients: clients.map(\.history), stored: stored)
    }

    func waitUntilSynced() async throws {
        try await until("every client's SYNCED") { isSynced }
    }

    /// Waits until so many messages more were acknowledged.
    func waitForMessages(_ count: Int) async throws {
        let before = acknowledged
        try await until("\(count) messages") { acknowledged >= before + count }
    }

    private var acknowledged: Int {
        clients.reduce(0) { $0 + $1.acknowledgements }
    }

    private func until(_ what: String, _ isMet: @escaping @Sendable () -> Bool) async throws {
        try await within(Self.restLimit, what) {
            while !isMet() { try await Task.sleep(for: .milliseconds(50)) }
        }
    }
}

extension ChaosClient {
    fileprivate var acknowledgements: Int {
        history.connections.lazy.flatMap(\.events).count { if case .acknowledged = $0.kind { true } else { false } }
    }

    fileprivate func pair(with other: ChaosClient) throws {
        guard let first = UserID(userID), let second = UserID(other.userID) else { throw APIClient.Failure(description: "no user id") }
        let conversation = ConversationID.direct(UserPair(first, second)).description
        join(conversation, destination: ["recipientId": .string(other.userID)])
        other.join(conversation, destination: ["recipientId": .string(userID)])
    }
}

extension ClientHistory {
    /// From the last frame on a connection to the `WELCOME` on the next one: at most so long was there none.
    var gaps: [Duration] {
        let welcomed = connections.filter { $0.welcomedAt != nil }
        return zip(welcomed, welcomed.dropFirst()).compactMap { earlier, later in
            guard let last = earlier.events.last?.at, let first = later.welcomedAt else { return nil }
            return max(.zero, first - last)
        }
    }
}
