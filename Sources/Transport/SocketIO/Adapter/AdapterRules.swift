/// What an instance does with what the others tell it, decided message by message.
package struct AdapterRules: Sendable {
    package enum Action: Hashable, Sendable {
        /// From an instance of Switchboard, or for somebody else.
        case ignore
        case reject(AdapterRejection)
        case deliver(AdapterBroadcast)
        case obey(AdapterOrder)
        case answer(AdapterQuestion)
    }

    private let format: AdapterFormat
    private let channels: AdapterChannels
    private let codec: any AdapterCodec

    package init(format: AdapterFormat, channels: AdapterChannels = AdapterChannels()) {
        self.format = format
        self.channels = channels
        codec = format.codec(channels)
    }

    /// What to do with what came over a channel.
    ///
    /// - Parameter isLocal: whether a socket of this instance may be in a room; a message for one room without is not even read.
    package func receive(_ payload: [UInt8], from channel: String, isLocal: (String) -> Bool) -> Action {
        guard let address = channels.address(of: channel) else { return .reject(.wrongNamespace) }
        switch address {
        case .responses: return .ignore
        case .room(let room) where !isLocal(room): return .ignore
        case .room, .everybody, .requests: break
        }
        do {
            return decide(try codec.decode(payload, from: address))
        } catch {
            return .reject(error)
        }
    }

    private func decide(_ envelope: AdapterEnvelope) -> Action {
        if envelope.uid == format.uid { return .ignore }
        guard envelope.namespace == channels.namespace else { return .reject(.wrongNamespace) }
        switch envelope.message {
        case .other: return .ignore
        case .order(let order): return .obey(order)
        case .broadcast(let broadcast): return broadcast.isValid ? .deliver(broadcast) : .reject(.invalidEvent)
        case .question(let question):
            if case .broadcast(let broadcast) = question.subject, !broadcast.isValid { return .reject(.invalidEvent) }
            return .answer(question)
        }
    }
}

extension AdapterBroadcast {
    /// Whether a client's library takes it in.
    fileprivate var isValid: Bool {
        switch data.first {
        case .text(let name) where SocketIOJSON.reservedNames.contains(name): return false
        case .text, .integer, .double: break
        default: return false
        }
        return data.reduce(0) { $0 + $1.binaryCount } <= SocketIODecoder.attachmentLimit
    }
}

extension MessagePackValue {
    fileprivate var binaryCount: Int {
        switch self {
        case .binary: 1
        case .array(let elements): elements.reduce(0) { $0 + $1.binaryCount }
        case .map(let map): map.members.reduce(0) { $0 + $1.value.binaryCount }
        case .null, .boolean, .integer, .unsigned, .double, .text, .timestamp, .extended: 0
        }
    }
}
