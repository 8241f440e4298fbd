import Actors

/// Who is in which room on this instance. Rooms are a channel's members, a user's sockets, one socket, and what other instances had
/// sockets join.
final class AdapterRoster: Sendable {
    private let index = Locked(SocketIndex<any AdapterSocket>())
    private let registry: Registry
    private var channels: ChannelDirectory { registry.channels }

    init(registry: Registry) {
        self.registry = registry
    }

    func add(_ socket: any AdapterSocket) {
        index.withLock {
            $0.add(socket, id: socket.socketID, userID: socket.principal.userID, connectionID: socket.connectionID)
        }
    }

    /// - Returns: rooms that were joined and are empty now.
    func remove(_ socketID: String) -> [String] {
        index.withLock { $0.remove(socketID) }
    }

    /// Whether a socket may be in the room. That of a channel may be empty all the same, as not all of its members speak Socket.IO.
    func mayHaveMembers(in room: String) -> Bool {
        if index.withLock({ $0.hasMembers(in: room) }) { return true }
        guard case .channel(let name) = ConversationID(room) else { return false }
        return channels.channel(name) != nil && index.withLock { !$0.isEmpty }
    }

    func sockets(_ target: AdapterTarget) async -> [any AdapterSocket] {
        var ids: Set<String> = []
        if target.rooms.isEmpty { ids = index.withLock { $0.socketIDs } }
        for room in target.rooms { ids.formUnion(await members(of: room)) }
        for room in target.except where !ids.isEmpty { ids.subtract(await members(of: room)) }
        let chosen = ids
        return index.withLock { index in chosen.compactMap { index[$0] } }
    }

    private func members(of room: String) async -> Set<String> {
        let members = index.withLock { $0.members(of: room) }
        guard case .channel(let name) = ConversationID(room), let channel = channels.channel(name) else { return members }
        let connections = await channel.connections
        return members.union(index.withLock { $0.socketIDs(of: connections) })
    }

    func describe(_ sockets: [any AdapterSocket]) async -> [AdapterSocketDescription] {
        var channels: [UserID: [String]] = [:]
        var descriptions: [AdapterSocketDescription] = []
        for socket in sockets {
            let user = socket.principal.userID
            let known = channels[user]
            let names: [String]
            if let known { names = known } else { names = await self.channels(of: user) }
            channels[user] = names
            let joined = index.withLock { $0.rooms(of: socket.socketID) }
            descriptions.append(
                AdapterSocketDescription(
                    socketID: socket.socketID,
                    userID: user,
                    username: socket.principal.username,
                    rooms: [socket.socketID, "\(user)"] + names + joined.sorted(),
                    handshake: socket.handshake
                )
            )
        }
        return descriptions
    }

    /// Every room with a socket in it.
    func rooms() async -> [String] {
        let (ids, users, joined) = index.withLock { ($0.socketIDs, $0.userIDs, $0.rooms) }
        var rooms = ids.union(joined)
        for user in users {
            rooms.insert("\(user)")
            rooms.formUnion(await channels(of: user))
        }
        return rooms.sorted()
    }

    private func channels(of user: UserID) async -> [String] {
        let names = await registry.user(user)?.channelNames ?? []
        return names.map { "\(ConversationID.channel($0))" }.sorted()
    }

    /// - Returns: rooms that had nobody in them before.
    func join(_ rooms: [String], _ sockets: [any AdapterSocket]) -> [String] {
        index.withLock { index in
            rooms.filter { room in sockets.reduce(false) { index.join(room, $1.socketID) ?? false || $0 } }
        }
    }

    /// - Returns: rooms that have nobody in them any more.
    func leave(_ rooms: [String], _ sockets: [any AdapterSocket]) -> [String] {
        index.withLock { index in
            rooms.filter { room in sockets.reduce(false) { index.leave(room, $1.socketID) || $0 } }
        }
    }
}
