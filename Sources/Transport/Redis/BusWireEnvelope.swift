import Actors

/// A message of the bus as it is read: every field is checked, and none may contradict another.
///
/// Members that are not known are passed over, so that later versions may add some.
struct BusWireEnvelope {
    let channel: BusChannel
    let delivery: BusDelivery
    /// How the sender routes; nil for a way that this version doesn't know.
    let routing: BusRouting?

    /// - Parameter bytes: of any kind; what is not JSON in UTF-8 is rejected.
    init(parsing bytes: [UInt8]) throws(BusRejection) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Self, BusRejection> in
            Result { () throws(BusRejection) in try Self(parsing: bytes) }
        }
        self = try result.get()
    }

    private init(parsing bytes: UnsafeRawBufferPointer) throws(BusRejection) {
        guard (try? UTF8Span(validating: Span<UInt8>(_unsafeBytes: bytes))) != nil else { throw .invalidJSON }
        var scanner = JSONScanner(bytes)
        let members: JSONObject?
        do throws(JSONScanner.SyntaxError) {
            if scanner.next() == UInt8(ascii: "{") {
                members = try JSONObject(&scanner)
            } else {
                try scanner.skipValue()
                members = nil
            }
        } catch {
            throw .invalidJSON
        }
        guard scanner.next() == nil else { throw .invalidJSON }
        guard let members else { throw .badShape }
        try self.init(members)
    }

    private init(_ members: JSONObject) throws(BusRejection) {
        guard try members.integer("v") == BusEnvelopeCodec.version else { throw .unsupportedVersion }
        guard let channel = BusChannel(rawValue: try members.string("type")) else { throw .unknownType }
        let origin = InstanceIdentity(
            instanceID: try Self.name(members.string("originInstanceId")),
            boot: try Self.name(members.string("originBoot"))
        )
        let id = try BusEventID(wire: members.string("id"))
        let event: BusEvent =
            switch channel {
            case .chatMessage: .message(try Message(wire: members))
            case .adminKick: .kick(try Kick(wire: members))
            case .chatEvents: .chat(try ChatEvent(wire: members))
            case .presenceEvents: .presence(try PresenceEvent(wire: members))
            }
        // Never a reason to reject: an order to end sessions must be heard from everybody.
        routing = members["routing"].map { $0.text.flatMap { BusRouting(rawValue: $0) } } ?? .broadcast
        self.channel = channel
        // Of no consequence for the event: what can't be read is no trace.
        let trace = members["traceparent"]?.text.flatMap { TraceParent($0) }
        delivery = BusDelivery(event: event, eventID: id, origin: origin, trace: trace)
    }

    static func name(_ text: String) throws(BusRejection) -> String {
        guard (1...256).contains(text.utf8.count), !text.utf8.contains(where: { $0 < 0x20 }) else { throw .invalidField }
        return text
    }
}

extension Message {
    /// The members of `chat.message`: what routing needs, and the whole message, which has to agree with it.
    fileprivate init(wire members: JSONObject) throws(BusRejection) {
        let object = try members.object("message")
        let inner = try object.messagePayload()
        let recipient = try members.optionalString("recipientId")
        let channel = try members.optionalString("channelId")
        guard
            try members.agrees("messageId", with: object),
            try members.agrees("conversationId", with: object),
            try members.integer("seq") == inner.seq,
            try members.agrees("senderId", with: object),
            recipient == inner.recipientId,
            channel == inner.channelId
        else { throw .inconsistent }
        guard let message = inner.message, (1...256).contains(message.senderName.utf8.count), MessageContent.isAllowed(message.content)
        else {
            throw .invalidField
        }
        self = message
        try checkDestination(recipient: recipient, channel: channel)
    }

    private func checkDestination(recipient: String?, channel: String?) throws(BusRejection) {
        switch conversationID {
        case .direct(let pair):
            guard pair.contains(senderID), channel == nil, recipient == pair.other(than: senderID).description else {
                throw .inconsistent
            }
        case .channel:
            guard recipient == nil, channel == conversationID.description else { throw .inconsistent }
        }
    }
}

extension Kick {
    /// The members of `admin.kick`.
    fileprivate init(wire members: JSONObject) throws(BusRejection) {
        let action = try members.string("action")
        let user = try UserID(wire: members.string("targetUserId"))
        switch action {
        case "BAN": self = .ban(user, authEpoch: try Self.epoch(in: members))
        case "REVOKE_ALL": self = .revokeAll(user, authEpoch: try Self.epoch(in: members))
        case "REVOKE_ONE": self = .revokeOne(user, try SessionID(wire: members.string("targetSessionId")))
        default: throw .invalidField
        }
    }

    /// Every ban and revocation raises the epoch, which begins at 0.
    private static func epoch(in members: JSONObject) throws(BusRejection) -> Int64 {
        let epoch = try members.integer("authEpoch")
        guard epoch >= 1 else { throw .invalidField }
        return epoch
    }
}

extension Identifier {
    init(wire text: String) throws(BusRejection) {
        guard let identifier = Self(text) else { throw .invalidField }
        self = identifier
    }
}
