package import Actors
import NIOCore

/// The events of clients as commands: the frames of the client protocol under other names.
package enum SocketIOCommand {
    private static let types: [String: String] = [
        "join_channel": "CHANNEL_JOIN",
        "leave_channel": "CHANNEL_LEAVE",
        "send_message": "MESSAGE_SEND",
        "edit_message": "MESSAGE_EDIT",
        "delete_message": "MESSAGE_DELETE",
        "reaction": "REACTION",
        "typing": "TYPING",
        "read": "READ",
        "sync": "SYNC",
        "set_presence": "PRESENCE_SET",
        "watch_presence": "PRESENCE_WATCH",
        "unwatch_presence": "PRESENCE_UNWATCH",
    ]

    /// Reads one event.
    ///
    /// - Parameters:
    ///   - event: its first argument is an object with the frame's fields; others count for nothing.
    ///   - ref: given back in the answer; the `ref` of the object is not read.
    ///   - makeID: makes the `clientMessageId` of a message that has none.
    package static func decode(_ event: SocketIOJSON.Event, ref: String?, makeID: () -> String) -> ClientFrame {
        let type = types[event.name]
        var fields = FrameFields()
        do throws(RequestError) {
            guard let type else {
                throw RequestError(.unknownType, "Unknown event; this server knows \(types.keys.sorted().joined(separator: ", ")).")
            }
            fields = try self.fields(of: event)
            fields.qualifyChannel()
            if type == "MESSAGE_SEND", fields.clientMessageID == .absent { fields.clientMessageID = .value(makeID()) }
            return ClientFrame(ref: ref, command: .success(try FrameDecoder.command(type, fields)))
        } catch {
            return ClientFrame(ref: ref, command: .failure(error), refusedSyncHasMore: type == "SYNC" ? fields.seemsToHaveMore : nil)
        }
    }

    private static func fields(of event: SocketIOJSON.Event) throws(RequestError) -> FrameFields {
        guard let argument = event.argument else { return FrameFields() }
        if event.name == "join_channel" || event.name == "leave_channel", let name = FrameValue(json: argument).text(upTo: 128) {
            var fields = FrameFields()
            fields.channelID = .value(name)
            return fields
        }
        do throws(FrameFields.SyntaxError) {
            return try FrameFields(parsing: argument)
        } catch {
            throw RequestError(.badRequest, "The argument of \(event.name) must be an object.")
        }
    }
}

extension FrameFields {
    /// A channel's bare name stands for its id.
    fileprivate mutating func qualifyChannel() {
        guard case .value(let text) = channelID, !text.hasPrefix("ch:") else { return }
        channelID = .value("ch:" + text)
    }
}
