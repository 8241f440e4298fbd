/// A message as events: its sender's sessions see the `clientMessageId`, nobody else does. Each is encoded when first written.
struct MessageEvents: Sendable {
    let seq: Int64
    private let sender: UserID
    private let forSender: SharedEvent
    private let forOthers: SharedEvent

    init(received message: Message) {
        self.init(message) { .messageReceived(message, showsClientMessageID: $0, isReplayed: false) }
    }

    init(updated message: Message) {
        self.init(message) { .messageUpdated(message, showsClientMessageID: $0) }
    }

    private init(_ message: Message, event: (Bool) -> Event) {
        seq = message.seq
        sender = message.senderID
        forSender = SharedEvent(event(true))
        forOthers = SharedEvent(event(false))
    }

    func event(for user: UserID) -> SharedEvent {
        user == sender ? forSender : forOthers
    }
}
