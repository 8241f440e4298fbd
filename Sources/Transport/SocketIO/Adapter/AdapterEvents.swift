package import Actors

/// What this instance tells the clients of other instances, as Socket.IO has it.
package enum AdapterEmission: Hashable, Sendable {
    case broadcast(AdapterBroadcast)
    case order(AdapterOrder)

    package func publication(_ codec: any AdapterCodec) -> AdapterPublication {
        switch self {
        case .broadcast(let broadcast): codec.encode(broadcast)
        case .order(let order): codec.encode(order)
        }
    }
}

extension BusEvent {
    /// Whether other instances have a word for it.
    package var hasEmissions: Bool {
        switch self {
        case .chat(.membership), .kick(.revokeOne): false
        case .message, .chat, .kick, .presence: true
        }
    }

    /// The event as the clients of Node.js instances are told of it; nothing where they have no word for it.
    ///
    /// A message goes to the room of its channel, or to the rooms of the two people; presence to everybody. Nobody's `clientMessageId` is
    /// told: it is for the sender alone.
    package var emissions: [AdapterEmission] {
        switch self {
        case .message(let message): return [.emit("receive_message", message.value, to: message.conversationID)]
        case .chat(.updated(let message)), .chat(.reaction(let message)):
            return [.emit("message_updated", message.value, to: message.conversationID)]
        case .chat(.typing(let conversation, let user, let isTyping)):
            let typing: MessagePackValue = [
                "conversationId": .text("\(conversation)"), "userId": .text("\(user)"), "isTyping": .boolean(isTyping),
            ]
            return [.emit("typing", typing, to: conversation, except: ["\(user)"], isVolatile: true)]
        case .chat(.read(let cursor)):
            let receipt: MessagePackValue = [
                "conversationId": .text("\(cursor.conversationID)"), "userId": .text("\(cursor.userID)"), "seq": .integer(cursor.seq),
            ]
            return [.emit("read_receipt", receipt, to: cursor.conversationID)]
        case .chat(.membership): return []
        case .presence(let event):
            let presence: MessagePackValue = [
                "userId": .text("\(event.userID)"), "username": .text(event.username), "status": .text(event.status.rawValue),
                "timestamp": .text("\(event.timestamp)"),
            ]
            return [.broadcast(AdapterBroadcast([.text(event.kind.rawValue), presence], to: AdapterTarget()))]
        case .kick(.ban(let user, _)): return Self.end(user, .accountSuspended, .suspended)
        case .kick(.revokeAll(let user, _)): return Self.end(user, .unauthenticated, .removed)
        // Other instances don't know which session (log-in) a socket belongs to.
        case .kick(.revokeOne): return []
        }
    }

    /// Has the clients of a user know why, and then ends them; told so by the server they don't come back.
    private static func end(_ user: UserID, _ code: RequestError.Code, _ reason: EndReason) -> [AdapterEmission] {
        let target = AdapterTarget(rooms: ["\(user)"])
        let detail: MessagePackValue = ["code": .text(code.rawValue), "reason": .text(reason.closeText)]
        return [
            .broadcast(AdapterBroadcast(["session_ended", detail], to: target)),
            .order(.disconnect(target, closesTransport: false)),
        ]
    }
}

extension AdapterEmission {
    fileprivate static func emit(
        _ name: String,
        _ argument: MessagePackValue,
        to conversation: ConversationID,
        except: [String] = [],
        isVolatile: Bool = false
    ) -> Self {
        .broadcast(
            AdapterBroadcast(
                [.text(name), argument],
                to: AdapterTarget(rooms: conversation.rooms, except: except),
                isVolatile: isVolatile
            )
        )
    }
}

extension ConversationID {
    /// The rooms whose sockets hear of it.
    fileprivate var rooms: [String] {
        switch self {
        case .channel: ["\(self)"]
        case .direct(let pair) where pair.first == pair.second: ["\(pair.first)"]
        case .direct(let pair): ["\(pair.first)", "\(pair.second)"]
        }
    }
}

extension Message {
    /// The message as its readers see it: the fields of `JSONWriter.message`.
    fileprivate var value: MessagePackValue {
        var members: [MessagePackMap.Member] = []
        func add(_ name: String, _ value: MessagePackValue?) {
            if let value { members.append(MessagePackMap.Member(name, value)) }
        }
        add("messageId", .text("\(messageID)"))
        add("conversationId", .text("\(conversationID)"))
        add("seq", .integer(seq))
        add("senderId", .text("\(senderID)"))
        switch conversationID {
        case .direct(let pair): add("recipientId", .text("\(pair.other(than: senderID))"))
        case .channel: add("channelId", .text("\(conversationID)"))
        }
        add("senderName", .text(senderName))
        add("content", .text(content))
        add("createdAt", .text("\(createdAt)"))
        guard rev > 0 else { return .map(MessagePackMap(members)) }
        add("rev", .integer(rev))
        add("editedAt", editedAt.map { .text("\($0)") })
        add("deletedAt", deletedAt.map { .text("\($0)") })
        if !reactions.list.isEmpty {
            let reactions = reactions.list.map { MessagePackMap.Member($0.emoji, MessagePackValue($0.userIDs.map(\.description))) }
            add("reactions", .map(MessagePackMap(reactions)))
        }
        return .map(MessagePackMap(members))
    }
}
