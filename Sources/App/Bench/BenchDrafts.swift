import Actors

/// Messages to be put into a store without a server, none of them twice.
struct BenchDrafts: Sendable {
    private let time = SystemTime()
    private let ids: UUIDv7Generator

    init() {
        ids = UUIDv7Generator(time: time)
    }

    /// Somebody who exists nowhere else.
    func newUser() -> UserID { ids.next(UserID.self) }

    /// - Parameter number: what its content begins with.
    func next(by sender: UserID, _ number: Int) throws -> MessageDraft {
        let id = ids.next(MessageID.self)
        guard let clientMessageID = ClientMessageID("b-\(id)") else { throw BenchFailure("\(id) is no key of a message") }
        return MessageDraft(
            messageID: id,
            senderID: sender,
            senderName: "bench",
            content: LoadConnection.content(number),
            clientMessageID: clientMessageID,
            createdAt: time.now()
        )
    }
}
