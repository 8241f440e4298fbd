import Actors

/// What the steps work on: a message of about 100 bytes.
enum Sample {
    static let content = "1 " + String(repeating: "switchboard ", count: 8)

    static func channel() throws -> ChannelName {
        guard let name = ChannelName("general") else { throw invalid }
        return name
    }

    static func user(_ number: Int = 2) throws -> UserID {
        guard let id = UserID("0190a5a0-0000-7000-8000-" + text(number)) else { throw invalid }
        return id
    }

    static func message() throws -> Message {
        guard let id = MessageID("0190a5a0-0000-7000-8000-000000000001"), let clientMessageID = ClientMessageID("m-1") else {
            throw invalid
        }
        return Message(
            messageID: id,
            conversationID: .channel(try channel()),
            seq: 1_234,
            senderID: try user(),
            senderName: "bench-1",
            content: content,
            clientMessageID: clientMessageID,
            createdAt: Timestamp(milliseconds: 1_767_873_600_000)
        )
    }

    static func delivery() throws -> BusDelivery {
        guard let id = BusEventID("0190a5a0-0000-7000-8000-000000000003") else { throw invalid }
        return BusDelivery(event: .message(try message()), eventID: id, origin: InstanceIdentity(instanceID: "A", boot: "boot"))
    }

    private static let invalid = MicroStepFailure("an id of a step is none")

    /// Twelve digits.
    private static func text(_ number: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}
