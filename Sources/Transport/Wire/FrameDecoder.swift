package import Actors
package import NIOCore

/// The text messages of clients as commands.
///
/// Fields that the protocol doesn't know are ignored, and `null` is as good as absent.
package enum FrameDecoder {
    private static let maxRefLength = 64
    private static let maxTokenLength = 8_192

    /// Reads one message; `ref` is kept whenever it is a string of its length, whatever else is wrong.
    ///
    /// - Parameter bytes: the payload of one text message, valid UTF-8.
    package static func decode(_ bytes: ByteBuffer) -> ClientFrame {
        let fields: FrameFields
        do throws(FrameFields.SyntaxError) {
            fields = try FrameFields(parsing: bytes)
        } catch {
            let text =
                switch error {
                case .notAnObject: "A frame must be one JSON object."
                case .notJSON: "The frame is not valid JSON."
                }
            return ClientFrame(ref: nil, command: .failure(RequestError(.badRequest, text)))
        }
        var knownRef: String?
        do throws(RequestError) {
            knownRef = try ref(fields)
            guard case .value(let type) = fields.type else {
                throw RequestError(.badRequest, "type must be a string: \(knownTypes).")
            }
            return ClientFrame(ref: knownRef, command: .success(try command(type, fields)))
        } catch {
            let isSync = fields.type == .value("SYNC")
            return ClientFrame(ref: knownRef, command: .failure(error), refusedSyncHasMore: isSync ? fields.seemsToHaveMore : nil)
        }
    }

    /// Reads the body of a request that sends a message: the fields of `MESSAGE_SEND`.
    package static func decodeSend(_ bytes: ByteBuffer) throws(RequestError) -> SendCommand {
        guard bytes.isValidUTF8, let fields = try? FrameFields(parsing: bytes) else {
            throw RequestError(.badRequest, "The body must be a JSON object.")
        }
        return try fields.sendCommand()
    }

    private static func ref(_ fields: FrameFields) throws(RequestError) -> String? {
        switch fields.ref {
        case .absent: return nil
        case .value(let ref) where ref.unicodeScalars.count <= maxRefLength: return ref
        case .value, .wrongType: throw RequestError(.badRequest, "ref must be a string of up to \(maxRefLength) characters.")
        }
    }

    /// The command that a frame of `type` with these fields is.
    static func command(_ type: String, _ fields: FrameFields) throws(RequestError) -> Command {
        switch type {
        case "MESSAGE_SEND": return .send(try fields.sendCommand())
        case "PING": return .ping
        case "TYPING": return .typing(try fields.conversation(), isTyping: try fields.isTyping())
        case "READ": return .conversation(.read(try fields.conversation(), upTo: try fields.seq()))
        case "SYNC":
            return .sync(SyncCommand(cursors: try fields.cursors(), stamp: try fields.stamp(), hasMore: try fields.hasMore()))
        case "MESSAGE_EDIT":
            return .conversation(.edit(try fields.message(), in: try fields.conversation(), content: try fields.checkedContent()))
        case "MESSAGE_DELETE": return .conversation(.delete(try fields.message(), in: try fields.conversation()))
        case "REACTION":
            return .conversation(
                .react(try fields.message(), in: try fields.conversation(), emoji: try fields.checkedEmoji(), adds: try fields.adds())
            )
        case "CHANNEL_JOIN": return .conversation(.join(try fields.channel(), since: try fields.since()))
        case "CHANNEL_LEAVE": return .conversation(.leave(try fields.channel()))
        case "PRESENCE_SET": return .presence(.set(try fields.status()))
        case "PRESENCE_WATCH": return .presence(.watch(try fields.users()))
        case "PRESENCE_UNWATCH": return .presence(.unwatch(try fields.users()))
        case "AUTH": return .authenticate(token: try token(fields))
        default: throw RequestError(.unknownType, "Unknown type; this server knows \(knownTypes).")
        }
    }

    private static func token(_ fields: FrameFields) throws(RequestError) -> String {
        guard case .value(let token) = fields.token, (1...maxTokenLength).contains(token.utf8.count) else {
            throw RequestError(.badRequest, "token must be a string of 1 to \(maxTokenLength) characters.")
        }
        return token
    }

    private static let knownTypes = """
        AUTH, MESSAGE_SEND, MESSAGE_EDIT, MESSAGE_DELETE, REACTION, CHANNEL_JOIN, CHANNEL_LEAVE, TYPING, READ, SYNC, \
        PRESENCE_SET, PRESENCE_WATCH, PRESENCE_UNWATCH, PING
        """
}
