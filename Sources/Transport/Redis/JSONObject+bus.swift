import Actors

/// Members as the bus's messages have them: one that is missing or of another JSON type is `.badShape`.
extension JSONObject {
    func string(_ name: StaticString) throws(BusRejection) -> String {
        guard let text = self[name]?.text else { throw .badShape }
        return text
    }

    /// Whether a string is the same in another object, where it is known to be one.
    func agrees(_ name: StaticString, with other: JSONObject) throws(BusRejection) -> Bool {
        guard let value = self[name], value.isText else { throw .badShape }
        return other[name].map(value.isSameText) ?? false
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

    /// A message, of whose fields nothing but the JSON types and the times is checked.
    func messagePayload() throws(BusRejection) -> MessagePayload {
        MessagePayload(
            messageId: try string("messageId"),
            conversationId: try string("conversationId"),
            seq: try integer("seq"),
            senderId: try string("senderId"),
            senderName: try string("senderName"),
            recipientId: try optionalString("recipientId"),
            channelId: try optionalString("channelId"),
            content: try string("content"),
            clientMessageId: try optionalString("clientMessageId"),
            createdAt: try Self.time(string("createdAt")),
            rev: try optionalInteger("rev"),
            editedAt: try optionalString("editedAt").map(Self.time),
            deletedAt: try optionalString("deletedAt").map(Self.time),
            reactions: try reactions()
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
