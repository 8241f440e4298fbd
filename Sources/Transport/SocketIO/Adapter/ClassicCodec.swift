/// The format of `createAdapter` of @socket.io/redis-adapter and of the Redis emitter: broadcasts as MessagePack, most questions and
/// answers as JSON.
package struct ClassicCodec: AdapterCodec {
    private enum RequestType: Int64 {
        case sockets = 0
        case allRooms
        case remoteJoin
        case remoteLeave
        case remoteDisconnect
        case remoteFetch
        case serverSideEmit
        case broadcast
        case broadcastClientCount
        case broadcastAck
    }

    private let channels: AdapterChannels
    private let uid: String

    package init(channels: AdapterChannels = AdapterChannels(), uid: String = AdapterFormat.classic.uid) {
        self.channels = channels
        self.uid = uid
    }

    package func decode(_ payload: [UInt8], from address: AdapterChannels.Address) throws(AdapterRejection) -> AdapterEnvelope {
        switch address {
        case .everybody, .room: try decodeBroadcast(payload)
        case .requests: try decodeRequest(payload)
        case .responses: AdapterEnvelope(uid: nil, namespace: channels.namespace, message: .other)
        }
    }

    private func decodeBroadcast(_ payload: [UInt8]) throws(AdapterRejection) -> AdapterEnvelope {
        let value = try decodeAdapterPayload(payload)
        guard let parts = value.array, parts.count >= 3, let uid = parts[0].text else { throw .malformed }
        let (broadcast, namespace) = try MessagePackValue.adapterBroadcast(packet: parts[1], options: parts[2])
        return AdapterEnvelope(uid: uid, namespace: namespace ?? "/", message: .broadcast(broadcast))
    }

    private func decodeRequest(_ payload: [UInt8]) throws(AdapterRejection) -> AdapterEnvelope {
        let request = try decodeAdapterPayload(payload)
        guard let number = request["type"]?.integer else { throw .malformed }
        guard let type = RequestType(rawValue: number) else { throw .unknownType }
        let message: AdapterMessage
        switch type {
        case .sockets: message = try question(request, .socketIDs(rooms: request.rooms("rooms")))
        case .allRooms: message = try question(request, .allRooms)
        case .remoteFetch: message = try question(request, .fetchSockets(options(of: request).adapterTarget()))
        case .remoteJoin, .remoteLeave, .remoteDisconnect: message = try order(type, request)
        case .serverSideEmit: message = request["requestId"]?.text == nil ? .other : try question(request, .serverSideEmit)
        case .broadcast:
            let (broadcast, _) = try MessagePackValue.adapterBroadcast(packet: request["packet"] ?? .null, options: options(of: request))
            message = try question(request, .broadcast(broadcast))
        case .broadcastClientCount, .broadcastAck: message = .other
        }
        // The channel says which namespace it is.
        return AdapterEnvelope(uid: request["uid"]?.text, namespace: channels.namespace, message: message)
    }

    private func question(_ request: MessagePackValue, _ subject: AdapterQuestion.Subject) throws(AdapterRejection) -> AdapterMessage {
        let requestID = try request.text(named: "requestId")
        return .question(AdapterQuestion(requestID: requestID, uid: request["uid"]?.text, subject: subject))
    }

    private func options(of request: MessagePackValue) throws(AdapterRejection) -> MessagePackValue {
        guard let options = request["opts"] else { throw .malformed }
        return options
    }

    /// With options an order for all whom they mean; in the older form for one socket, and answered.
    private func order(_ type: RequestType, _ request: MessagePackValue) throws(AdapterRejection) -> AdapterMessage {
        guard let socketID = request["sid"]?.text else {
            return .order(try order(type, try options(of: request).adapterTarget(), rooms: try request.rooms("rooms"), request))
        }
        let target = AdapterTarget(rooms: [socketID])
        let rooms = request["room"]?.text.map { [$0] } ?? []
        return try question(request, .order(order(type, target, rooms: rooms, request), socketID: socketID))
    }

    private func order(
        _ type: RequestType,
        _ target: AdapterTarget,
        rooms: [String],
        _ request: MessagePackValue
    ) throws(AdapterRejection) -> AdapterOrder {
        switch type {
        case .remoteJoin: .join(target, rooms: rooms)
        case .remoteLeave: .leave(target, rooms: rooms)
        default: .disconnect(target, closesTransport: request["close"]?.boolean ?? false)
        }
    }
}

extension ClassicCodec {
    package func encode(_ broadcast: AdapterBroadcast) -> AdapterPublication {
        let message: MessagePackValue = [.text(uid), broadcast.packet(in: channels.namespace), broadcast.options]
        return AdapterPublication(channel: channels.name(of: broadcast.address), payload: MessagePackEncoder.encode(message))
    }

    package func encode(_ order: AdapterOrder) -> AdapterPublication {
        let request: MessagePackValue
        switch order {
        case .join(let target, let rooms): request = self.request(.remoteJoin, target, ("rooms", MessagePackValue(rooms)))
        case .leave(let target, let rooms): request = self.request(.remoteLeave, target, ("rooms", MessagePackValue(rooms)))
        case .disconnect(let target, let closes): request = self.request(.remoteDisconnect, target, ("close", .boolean(closes)))
        }
        return AdapterPublication(channel: channels.name(of: .requests), payload: request.json)
    }

    private func request(_ type: RequestType, _ target: AdapterTarget, _ detail: (String, MessagePackValue)) -> MessagePackValue {
        .map(
            MessagePackMap([
                MessagePackMap.Member("uid", .text(uid)),
                MessagePackMap.Member("type", .integer(type.rawValue)),
                MessagePackMap.Member("opts", target.value),
                MessagePackMap.Member(detail.0, detail.1),
            ])
        )
    }

    /// On the channel that everybody hears: an instance hears that whatever its options say.
    package func encode(_ answer: AdapterAnswer, to question: AdapterQuestion) -> AdapterPublication? {
        let requestID = MessagePackValue.text(question.requestID)
        let payload: [UInt8]
        switch answer {
        case .sockets(let sockets):
            let response: MessagePackValue = ["requestId": requestID, "sockets": .array(sockets.map(\.value))]
            payload = response.json
        case .socketIDs(let ids):
            let response: MessagePackValue = ["requestId": requestID, "sockets": MessagePackValue(ids)]
            payload = response.json
        case .rooms(let rooms):
            let response: MessagePackValue = ["requestId": requestID, "rooms": MessagePackValue(rooms)]
            payload = response.json
        case .serverSideEmit:
            let response: MessagePackValue = ["type": type(.serverSideEmit), "requestId": requestID, "data": nil]
            payload = response.json
        case .clientCount(let count):
            let count = MessagePackValue.integer(Int64(count))
            let response: MessagePackValue = ["type": type(.broadcastClientCount), "requestId": requestID, "clientCount": count]
            payload = response.json
        case .acknowledgement(let value):
            payload = MessagePackEncoder.encode(["type": type(.broadcastAck), "requestId": requestID, "packet": value])
        case .done:
            let response: MessagePackValue = ["requestId": requestID]
            payload = response.json
        }
        return AdapterPublication(channel: channels.name(of: .responses), payload: payload)
    }

    private func type(_ type: RequestType) -> MessagePackValue {
        .integer(type.rawValue)
    }
}

extension AdapterBroadcast {
    fileprivate func packet(in namespace: String) -> MessagePackValue {
        ["type": 2, "data": .array(data), "nsp": .text(namespace)]
    }
}
