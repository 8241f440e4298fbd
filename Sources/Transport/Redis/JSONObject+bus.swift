import Actors

/// Members as the bus's messages have them: one that is missing or of another JSON type is `.badShape`.
extension JSONObject {
    func string(_ name: StaticString) throws(BusRejection) -> String {
        guard let text = self[name]?.text else { throw .badShape }
        return text
    }

    /// Nil where it is absent or `null`.
    func optionalString(_ name: StaticString) throws(BusRejection) -> String? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let text = value.text else { throw .badShape }
        return text
    }

    func integer(_ name: StaticString) throws(BusRejection) -> Int64 {
        guard let integer = self[name]?.integer else { throw .badShape }
        return integer
    }

    func boolean(_ name: StaticString) throws(BusRejection) -> Bool {
        guard let boolean = self[name]?.boolean else { throw .badShape }
        return boolean
    }

    func object(_ name: StaticString) throws(BusRejection) -> JSONObject {
        guard let object = self[name]?.object else { throw .badShape }
        return object
    }

    /// The member `message`, of whose fields nothing but the JSON types and the times is checked.
    func messagePayload() throws(BusRejection) -> MessagePayload {
        let members = try object("message")
        return MessagePayload(
            messageId: try members.string("messageId"),
            conversationId: try members.string("conversationId"),
            seq: try members.integer("seq"),
            senderId: try members.string("senderId"),
            senderName: try members.string("senderName"),
            recipientId: try members.optionalString("recipientId"),
            channelId: try members.optionalString("channelId"),
            content: try members.string("content"),
            clientMessageId: try members.optionalString("clientMessageId"),
            createdAt: try Self.time(members.string("createdAt")),
            rev: try members.optionalInteger("rev"),
            editedAt: try members.optionalString("editedAt").map(Self.time),
            deletedAt: try members.optionalString("deletedAt").map(Self.time),
            reactions: try members.reactions()
        )
    }

    private func optionalInteger(_ name: StaticString) throws(BusRejection) -> Int64? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let integer = value.integer else { throw .badShape }
        return integer
    }

    private func reactions() throws(BusRejection) -> [String: [String]]? {
        guard let value = self["reactions"], !value.isNull else { return nil }
        guard let object = value.object else { throw .badShape }
        var reactions: [String: [String]] = [:]
        try object.forEach { (emoji, users) throws(BusRejection) in
            guard let users = users.texts else { throw .badShape }
            reactions[emoji] = users
        }
        return reactions
    }

    private static func time(_ text: String) throws(BusRejection) -> RFC3339Timestamp {
        guard let time = Timestamp(text) else { throw .invalidField }
        return RFC3339Timestamp(time)
    }
}
