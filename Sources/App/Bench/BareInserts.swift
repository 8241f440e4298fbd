import Actors
import FoundationEssentials
import LocalCluster
import Transport

/// What the MongoDB server of a measurement does with nothing around it: the same documents in inserts as large as the server's were, one
/// after the other on one connection of the C driver, with the same write concern into a collection with the same indexes. Then the same with
/// the update of the conversations after each insert, which the server owes before it acknowledges.
struct BareInserts: Sendable {
    let database: BenchDatabase
    let senders: [BenchUser]
    let conversations: [ConversationID]
    let duration: Duration

    /// - Parameters:
    ///   - server: has ended, and said how large its inserts were.
    ///   - rate: messages a second that went through it.
    func run(_ scenario: String, beside server: BenchServer, rate: Double, goal: Figure.Goal?) async throws -> [Figure] {
        let inserts = try InsertCount(server)
        let mean = Double(inserts.messages) / Double(inserts.inserts)
        let rows = max(1, Int(mean.rounded()))
        guard let bare = try await measured(rowsEach: rows, raises: false), let raised = try await measured(rowsEach: rows, raises: true)
        else { return [] }
        return [
            Figure(scenario, "messages in an insert, mean", mean, ""),
            Figure(scenario, "messages in an insert, most", Double(inserts.largest), ""),
            Figure(scenario, "bare insertMany of so many", bare.rate, "/s"),
        ] + bare.latencies.figures(scenario, "bare insertMany") + [
            Figure(scenario, "bare insertMany and raises", raised.rate, "/s")
        ] + raised.latencies.figures(scenario, "bare insertMany and raises") + [
            Figure(scenario, "acknowledged / bare", rate / bare.rate, "", goal: goal),
            Figure(scenario, "acknowledged / bare with raises", rate / raised.rate, ""),
        ]
    }

    /// Nil where the data is in a file.
    private func measured(rowsEach rows: Int, raises: Bool) async throws -> (rate: Double, latencies: Latencies)? {
        guard let uri = database.otherURI else { return nil }
        let time = SystemTime()
        let ids = UUIDv7Generator(time: time)
        let times = try await MongoInsertProbe.inserts(
            uri: uri,
            rowsEach: rows,
            for: duration,
            raises: raises
        ) { [senders, conversations] number in
            let place = number % senders.count
            return Message(
                messageID: ids.next(MessageID.self),
                conversationID: conversations[number % conversations.count],
                seq: Int64(number / conversations.count + 1),
                senderID: senders[place].userID,
                senderName: "bench-\(place)",
                content: LoadConnection.content(number),
                clientMessageID: ClientMessageID("s\(place)-\(number)") ?? Self.noKey,
                createdAt: time.now()
            )
        }
        var latencies = Latencies()
        for time in times { latencies.record(time) }
        return (Double(times.count * rows) / (times.reduce(.zero, +) / .seconds(1)), latencies)
    }

    private static var noKey: ClientMessageID { preconditionFailure("a few letters and digits are a key") }
}

/// What a server says of its inserts when it closes its store.
private struct InsertCount {
    let inserts: Int64
    let messages: Int64
    let largest: Int64

    init(_ server: BenchServer) throws {
        guard let line = server.process.log.last(where: { $0.contains("store_closed") }), let start = line.firstIndex(of: "{"),
            let fields = try? JSONValue(parsing: Data(line[start...].utf8)),
            let inserts = Self.number(fields["inserts"]), let messages = Self.number(fields["messages"]),
            let largest = Self.number(fields["largestInsert"]), inserts > 0
        else { throw BenchFailure("the server doesn't say how large its inserts were") }
        self.inserts = inserts
        self.messages = messages
        self.largest = largest
    }

    private static func number(_ value: JSONValue) -> Int64? {
        value.integer ?? value.string.flatMap { Int64($0) }
    }
}
