import Actors
import TestSupport
import Testing

extension Connection {
    /// Joins and waits for the answer.
    @discardableResult
    func join(_ name: ChannelName, since: Int64? = nil) async throws -> (lastSeq: Int64, members: Int) {
        let before = outbound.events.count { if case .channelJoined = $0 { true } else { false } }
        await receive(.success(.conversation(.join(name, since: since))))
        let outputs = await outbound.outputs.wait { outputs in
            outputs.count { if case .channelJoined = $0.event { true } else { false } } > before
        }
        guard
            case .channelJoined(_, _, let lastSeq, let members) = outputs.last(where: {
                if case .channelJoined = $0.event { true } else { false }
            })?.event
        else { throw RequestError(.internalError, "no CHANNEL_JOINED") }
        return (lastSeq, members)
    }

    /// Joins and waits for the answer, which may be an error.
    func tryToJoin(_ name: ChannelName) async {
        let isAnswer = { @Sendable (output: RecordingOutbound.Output) in
            if case .channelJoined = output.event { true } else { output.error != nil }
        }
        let before = outbound.outputs.elements.count(where: isAnswer)
        await receive(.success(.conversation(.join(name, since: nil))))
        await outbound.outputs.wait { $0.count(where: isAnswer) > before }
    }

    /// Leaves and waits for the answer.
    func leave(_ name: ChannelName) async throws {
        await perform(.leave(name))
    }

    /// Runs a command and waits for its `ACK`.
    func perform(_ command: ConversationCommand) async {
        let before = outbound.outputs.elements.plainAcks
        await receive(.success(.conversation(command)))
        await outbound.outputs.wait { $0.plainAcks > before }
    }

    /// Sends a channel message.
    func send(_ content: String, to channel: ChannelName, id: String) async throws {
        guard let clientMessageID = ClientMessageID(id) else { throw RequestError(.badRequest, "clientMessageId") }
        await receive(.success(.send(SendCommand(clientMessageID: clientMessageID, content: content, destination: .channel(channel)))))
    }
}

extension [RecordingOutbound.Output] {
    /// Answers that bring no message.
    fileprivate var plainAcks: Int {
        count { if case .ack(_, nil, _) = $0.event { true } else { false } }
    }
}
