/// Which sockets are meant.
package struct AdapterTarget: Hashable, Sendable {
    /// Those in any of these rooms; all where there are none.
    package var rooms: [String]
    /// Without those in any of these.
    package var except: [String]

    package init(rooms: [String] = [], except: [String] = []) {
        self.rooms = rooms
        self.except = except
    }
}

/// An event for the clients of all instances.
package struct AdapterBroadcast: Hashable, Sendable {
    package var target: AdapterTarget
    /// The event's name and its arguments.
    package var data: [MessagePackValue]
    /// Whether a client that can't be written to now goes without.
    package var isVolatile: Bool

    package init(_ data: [MessagePackValue], to target: AdapterTarget, isVolatile: Bool = false) {
        self.target = target
        self.data = data
        self.isVolatile = isVolatile
    }
}

/// A change of sockets that nobody waits for.
package enum AdapterOrder: Hashable, Sendable {
    case join(AdapterTarget, rooms: [String])
    case leave(AdapterTarget, rooms: [String])
    case disconnect(AdapterTarget, closesTransport: Bool)
}

/// What another instance asks, and waits for an answer from each.
package struct AdapterQuestion: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case fetchSockets(AdapterTarget)
        /// The ids of the sockets in any of these rooms.
        case socketIDs(rooms: [String])
        case allRooms
        /// An event for the instances themselves, of which none is handled here.
        case serverSideEmit
        /// An event that clients acknowledge.
        case broadcast(AdapterBroadcast)
        /// An order for one socket, which only its own instance answers.
        case order(AdapterOrder, socketID: String)
    }

    package let requestID: String
    /// Who asks; nil where it is not said.
    package let uid: String?
    package let subject: Subject

    package init(requestID: String, uid: String?, subject: Subject) {
        self.requestID = requestID
        self.uid = uid
        self.subject = subject
    }
}

/// What an instance says to a question.
package enum AdapterAnswer: Hashable, Sendable {
    case sockets([AdapterSocketDescription])
    case socketIDs([String])
    case rooms([String])
    /// No handler, so nothing to say.
    case serverSideEmit
    /// To how many clients an event goes that they acknowledge.
    case clientCount(Int)
    /// What one of them says.
    case acknowledgement(MessagePackValue)
    case done
}

/// What an instance tells the others.
package enum AdapterMessage: Hashable, Sendable {
    case broadcast(AdapterBroadcast)
    case order(AdapterOrder)
    case question(AdapterQuestion)
    /// Not for this instance: an answer, a sign of life, an event for Node.js that nobody waits for.
    case other
}

/// A message with its sender.
package struct AdapterEnvelope: Hashable, Sendable {
    /// Nil for the emitter's orders.
    package let uid: String?
    package let namespace: String
    package let message: AdapterMessage

    package init(uid: String?, namespace: String, message: AdapterMessage) {
        self.uid = uid
        self.namespace = namespace
        self.message = message
    }
}

/// Why a message is not acted on.
package enum AdapterRejection: String, Error, Hashable, Sendable, CaseIterable {
    /// Neither MessagePack nor JSON, or over the limits.
    case undecodable = "not_decodable"
    /// Not of the adapter's form.
    case malformed
    /// Of a type that no version known here has.
    case unknownType = "unknown_type"
    case wrongNamespace = "wrong_namespace"
    /// The event's name is not one that may be emitted, or it has more binary than a client accepts.
    case invalidEvent = "invalid_event"
}
