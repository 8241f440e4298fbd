import Actors
import Transport

/// What storing direct messages costs with nothing around it, at the same rate and each alone: the transaction that a message owes in the
/// servers' own file, once they have ended; on MongoDB an insert and the update of its conversation, with the C driver alone.
struct BareMessages: Sendable {
    let database: BenchDatabase
    /// Who writes to whom; they take turns.
    let pairs: [(sender: BenchUser, recipient: BenchUser)]
    let rate: Int
    let duration: Duration

    /// - Returns: the times from when each was due until it was stored.
    func run() async throws -> Latencies {
        let warmUp = rate
        let count = warmUp + Int(Double(rate) * (duration / .seconds(1)))
        let openLoop = BlockingOpenLoop(rate: rate, count: count, warmUp: warmUp)
        let time = SystemTime()
        let ids = UUIDv7Generator(time: time)
        let conversations = pairs.map { ConversationID.direct(UserPair($0.sender.userID, $0.recipient.userID)) }
        let message = { @Sendable [pairs] (number: Int) in
            let place = number % pairs.count
            return Message(
                messageID: ids.next(MessageID.self),
                conversationID: conversations[place],
                seq: Int64(number / pairs.count + 1),
                senderID: pairs[place].sender.userID,
                senderName: "bench-\(place)",
                content: LoadConnection.content(number),
                clientMessageID: ClientMessageID("b\(number)") ?? Self.noKey,
                createdAt: time.now()
            )
        }
        if let path = database.path {
            try await SQLiteMessageProbe.run(path: path, message: message) { try openLoop.run($0) }
        } else if let uri = database.otherURI {
            try await MongoInsertProbe.run(uri: uri, message: message) { try openLoop.run($0) }
        }
        return openLoop.latencies
    }

    private static var noKey: ClientMessageID { preconditionFailure("a letter and digits are a key") }
}
