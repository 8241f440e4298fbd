import Synchronization

@testable import App

/// A client that sends one message after the other, each until it is acknowledged.
final class PersistentSender: Sendable {
    private struct State {
        var acknowledged: [JSONValue] = []
        var refusals: [String] = []
        var isOver = false
    }

    let wire: Wire
    private let recipient: String
    private let name: String
    private let state = Mutex(State())

    init(_ name: String, over wire: Wire, to recipient: Person) {
        self.name = name
        self.wire = wire
        self.recipient = recipient.id
    }

    /// The messages of the `ACK`s, in their order.
    var acknowledged: [JSONValue] { state.withLock { $0.acknowledged } }

    /// The codes of the `ERROR`s.
    var refusals: [String] { state.withLock { $0.refusals } }

    /// What its messages say, counted from 1.
    func content(_ number: Int) -> String { "\(name)\(number)" }

    /// Sends nothing more once the message under way is acknowledged.
    func stop() {
        state.withLock { $0.isOver = true }
    }

    func run() async throws {
        var number = 0
        while !state.withLock({ $0.isOver }) {
            number += 1
            try await send(number)
        }
    }

    private func send(_ number: Int) async throws {
        var attempt = 0
        while true {
            attempt += 1
            let ref = "\(name)\(number).\(attempt)"
            try wire.send([
                "type": "MESSAGE_SEND", "ref": .string(ref), "clientMessageId": .string(content(number)),
                "recipientId": .string(recipient), "content": .string(content(number)),
            ])
            let answer = try await within(.seconds(60), "an answer") { [wire] in
                try await wire.inbox.first { $0["ref"].string == ref }
            }
            if answer["type"] == "ACK" {
                state.withLock { $0.acknowledged.append(answer["message"]) }
                return
            }
            state.withLock { $0.refusals.append(answer["code"].string ?? "?") }
            try await Task.sleep(for: .milliseconds(answer["retryAfterMs"].integer ?? 0))
        }
    }
}
