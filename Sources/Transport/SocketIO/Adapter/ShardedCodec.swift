/// The format of `createShardedAdapter` of @socket.io/redis-adapter: one form for everything, JSON where there is no binary in it.
package struct ShardedCodec: AdapterCodec {
    private enum MessageType: Int64 {
        case initialHeartbeat = 1
        case heartbeat
        case broadcast
        case socketsJoin
        case socketsLeave
        case disconnectSockets
        case fetchSockets
        case fetchSocketsResponse
        case serverSideEmit
        case serverSideEmitResponse
        case broadcastClientCount
        case broadcastAck
        case adapterClose
    }

    private let channels: AdapterChannels
    private let uid: String

    package init(channels: AdapterChannels = AdapterChannels(), uid: String = AdapterFormat.sharded.uid) {
        self.channels = channels
        self.uid = uid
    }

    package func decode(_ payload: [UInt8], from address: AdapterChannels.Address) throws(AdapterRejection) -> AdapterEnvelope {
        let value = try decodeAdapterPayload(payload)
        guard let uid = value["uid"]?.text, let number = value["type"]?.integer else { throw .malformed }
        guard let type = MessageType(rawValue: number) else { throw .unknownType }
        let message = try message(type, value["data"] ?? .null, from: uid)
        return AdapterEnvelope(uid: uid, namespace: value["nsp"]?.text ?? channels.namespace, message: message)
    }

    private func message(_ type: MessageType, _ data: MessagePackValue, from uid: String) throws(AdapterRejection) -> AdapterMessage {
        let options = data["opts"] ?? .null
        switch type {
        case .broadcast:
            let (broadcast, _) = try MessagePackValue.adapterBroadcast(packet: data["packet"] ?? .null, options: options)
            guard let requestID = data["requestId"]?.text else { return .broadcast(broadcast) }
            return .question(AdapterQuestion(requestID: requestID, uid: uid, subject: .broadcast(broadcast)))
        case .socketsJoin: return .order(.join(try options.adapterTarget(), rooms: try data.rooms("rooms")))
        case .socketsLeave: return .order(.leave(try options.adapterTarget(), rooms: try data.rooms("rooms")))
        case .disconnectSockets:
            return .order(.disconnect(try options.adapterTarget(), closesTransport: data["close"]?.boolean ?? false))
        case .fetchSockets:
            let subject = AdapterQuestion.Subject.fetchSockets(try options.adapterTarget())
            return .question(AdapterQuestion(requestID: try data.text(named: "requestId"), uid: uid, subject: subject))
        case .serverSideEmit:
            guard let requestID = data["requestId"]?.text else { return .other }
            return .question(AdapterQuestion(requestID: requestID, uid: uid, subject: .serverSideEmit))
        case .initialHeartbeat, .heartbeat, .adapterClose, .fetchSocketsResponse, .serverSideEmitResponse, .broadcastClientCount,
            .broadcastAck:
            return .other
        }
    }
}

extension ShardedCodec {
    /// A room with a socket's id for its name has no channel that others subscribe to, unless they choose so; all hear the main one.
    package func encode(_ broadcast: AdapterBroadcast) -> AdapterPublication {
        var address = broadcast.address
        if case .room(let room) = address, room.utf16.count == Self.socketIDLength { address = .everybody }
        let data: MessagePackValue = ["packet": ["type": 2, "data": .array(broadcast.data)], "opts": broadcast.options]
        return publication(.broadcast, data, to: address)
    }

    package func encode(_ order: AdapterOrder) -> AdapterPublication {
        switch order {
        case .join(let target, let rooms):
            publication(.socketsJoin, ["opts": target.value, "rooms": MessagePackValue(rooms)], to: .everybody)
        case .leave(let target, let rooms):
            publication(.socketsLeave, ["opts": target.value, "rooms": MessagePackValue(rooms)], to: .everybody)
        case .disconnect(let target, let closes):
            publication(.disconnectSockets, ["opts": target.value, "close": .boolean(closes)], to: .everybody)
        }
    }

    /// On the channel of whoever asked.
    package func encode(_ answer: AdapterAnswer, to question: AdapterQuestion) -> AdapterPublication? {
        guard let asker = question.uid else { return nil }
        let requestID = MessagePackValue.text(question.requestID)
        let address = AdapterChannels.Address.room(asker)
        switch answer {
        case .sockets(let sockets):
            return publication(.fetchSocketsResponse, ["requestId": requestID, "sockets": .array(sockets.map(\.value))], to: address)
        case .serverSideEmit:
            return publication(.serverSideEmitResponse, ["requestId": requestID, "packet": nil], to: address)
        case .clientCount(let count):
            let data: MessagePackValue = ["requestId": requestID, "clientCount": .integer(Int64(count))]
            return publication(.broadcastClientCount, data, to: address)
        case .acknowledgement(let value):
            return publication(.broadcastAck, ["requestId": requestID, "packet": value], to: address)
        case .socketIDs, .rooms, .done:
            // Questions that this format doesn't have.
            return nil
        }
    }

    private static let socketIDLength = 20

    private func publication(_ type: MessageType, _ data: MessagePackValue, to address: AdapterChannels.Address) -> AdapterPublication {
        let message: MessagePackValue = [
            "type": .integer(type.rawValue), "data": data, "uid": .text(uid), "nsp": .text(channels.namespace),
        ]
        let payload = data.hasBinary ? MessagePackEncoder.encode(message) : message.json
        return AdapterPublication(channel: channels.name(of: address), payload: payload)
    }
}
