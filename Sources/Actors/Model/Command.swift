/// What a client asks for on a connection.
package enum Command: Hashable, Sendable {
    case authenticate(token: String)
    case send(SendCommand)
    case ping
}

/// Whom a message is for.
package enum Destination: Hashable, Sendable {
    case user(UserID)
    case channel(ChannelName)
}

/// A message that a client wants stored and delivered.
package struct SendCommand: Hashable, Sendable {
    package let clientMessageID: ClientMessageID
    package let content: String
    package let destination: Destination

    package init(clientMessageID: ClientMessageID, content: String, destination: Destination) {
        self.clientMessageID = clientMessageID
        self.content = content
        self.destination = destination
    }
}

/// One decoded frame of a client: the command, or why it is refused.
package struct ClientFrame: Sendable {
    /// Given back in the answer.
    package let ref: String?
    package let command: Result<Command, RequestError>

    package init(ref: String?, command: Result<Command, RequestError>) {
        self.ref = ref
        self.command = command
    }
}
