import Actors

/// The fields of a message to be sent; the HTTP route that sends takes the same ones.
extension FrameFields {
    /// The command that the fields make.
    ///
    /// - Throws: `.badRequest` naming the wrong field, or `.contentTooLong`.
    func sendCommand() throws(RequestError) -> SendCommand {
        guard case .value(let id) = clientMessageID, let clientMessageID = ClientMessageID(id) else {
            throw RequestError(.badRequest, "clientMessageId must be 1 to 64 printable ASCII characters.")
        }
        return SendCommand(clientMessageID: clientMessageID, content: try checkedContent(), destination: try destination())
    }

    private func destination() throws(RequestError) -> Destination {
        switch (recipientID, channelID) {
        case (.absent, .absent):
            throw RequestError(.badRequest, "One of recipientId and channelId must be given.")
        case (.value(let text), .absent):
            guard let user = UserID(text) else { fallthrough }
            return .user(user)
        case (.wrongType, .absent):
            throw RequestError(.badRequest, "recipientId must be a user's id: a UUID in lower case.")
        case (.absent, .value(let text)):
            guard case .channel(let name) = ConversationID(text) else { fallthrough }
            return .channel(name)
        case (.absent, .wrongType):
            throw RequestError(.badRequest, "channelId must be ch: and 1 to 64 of a-z 0-9 _ . -")
        default:
            throw RequestError(.badRequest, "recipientId and channelId can't be given together.")
        }
    }
}
