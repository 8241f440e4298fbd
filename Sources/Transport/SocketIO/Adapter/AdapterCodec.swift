/// A message as it is published.
package struct AdapterPublication: Hashable, Sendable {
    package let channel: String
    package let payload: [UInt8]

    package init(channel: String, payload: [UInt8]) {
        self.channel = channel
        self.payload = payload
    }
}

/// The adapter's messages as bytes.
package protocol AdapterCodec: Sendable {
    /// Reads what came over one of the namespace's channels.
    ///
    /// - Throws: `.undecodable`, `.malformed`, `.unknownType`.
    func decode(_ payload: [UInt8], from address: AdapterChannels.Address) throws(AdapterRejection) -> AdapterEnvelope

    func encode(_ broadcast: AdapterBroadcast) -> AdapterPublication

    func encode(_ order: AdapterOrder) -> AdapterPublication

    /// - Returns: nil where the asker has not said what the format needs to answer.
    func encode(_ answer: AdapterAnswer, to question: AdapterQuestion) -> AdapterPublication?
}

extension AdapterFormat {
    package func codec(_ channels: AdapterChannels) -> any AdapterCodec {
        switch self {
        case .classic: ClassicCodec(channels: channels)
        case .sharded: ShardedCodec(channels: channels)
        }
    }
}

/// JSON where the first byte says so, else MessagePack.
func decodeAdapterPayload(_ payload: [UInt8]) throws(AdapterRejection) -> MessagePackValue {
    let limits = MessagePackDecoder.Limits()
    guard payload.count <= limits.bytes else { throw .undecodable }
    if payload.first == UInt8(ascii: "{") {
        guard let value = MessagePackValue(json: payload) else { throw .undecodable }
        return value
    }
    do {
        return try MessagePackDecoder.decode(payload, limits: limits)
    } catch {
        throw .undecodable
    }
}

// What both formats have in common.
extension MessagePackValue {
    /// `rooms` and `except` of a message's options; none where they are left out.
    func adapterTarget() throws(AdapterRejection) -> AdapterTarget {
        AdapterTarget(rooms: try rooms("rooms"), except: try rooms("except"))
    }

    /// The event of `packet` for the sockets of `options`. A missing namespace is the first one's.
    static func adapterBroadcast(
        packet: MessagePackValue,
        options: MessagePackValue
    ) throws(AdapterRejection) -> (broadcast: AdapterBroadcast, namespace: String?) {
        // 2: EVENT, 5: one with binary.
        guard let type = packet["type"]?.integer, type == 2 || type == 5, let data = packet["data"]?.array else { throw .malformed }
        let isVolatile = options["flags"]?["volatile"]?.boolean ?? false
        let broadcast = AdapterBroadcast(data, to: try options.adapterTarget(), isVolatile: isVolatile)
        return (broadcast, packet["nsp"]?.text)
    }

    func text(named name: String) throws(AdapterRejection) -> String {
        guard let text = self[name]?.text else { throw .malformed }
        return text
    }

    /// A list of rooms under `name`. JavaScript's rooms may be numbers as well.
    func rooms(_ name: String) throws(AdapterRejection) -> [String] {
        guard let value = self[name], !value.isNull else { return [] }
        guard let elements = value.array else { throw .malformed }
        var rooms: [String] = []
        for element in elements {
            switch element {
            case .text(let room): rooms.append(room)
            case .integer(let number): rooms.append(String(number))
            default: throw .malformed
            }
        }
        return rooms
    }
}

extension AdapterTarget {
    /// As the options of a message have it.
    var value: MessagePackValue {
        ["rooms": MessagePackValue(rooms), "except": MessagePackValue(except)]
    }
}

extension AdapterBroadcast {
    var options: MessagePackValue {
        [
            "rooms": MessagePackValue(target.rooms),
            "except": MessagePackValue(target.except),
            "flags": isVolatile ? ["volatile": true] : [:],
        ]
    }

    /// About one room alone: it has a channel of its own.
    var address: AdapterChannels.Address {
        target.rooms.count == 1 ? .room(target.rooms[0]) : .everybody
    }
}
