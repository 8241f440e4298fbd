package import Actors

/// The sockets of this instance by what they may be found by, channels apart: of those, their own actors know.
package struct SocketIndex<Socket> {
    fileprivate struct Entry {
        let socket: Socket
        let userID: UserID
        let connectionID: ConnectionID
        /// Rooms that other instances had it join.
        var rooms: Set<String> = []
    }

    /// The most rooms that other instances may have one socket join, and the longest name of one in UTF-8.
    package static var roomLimit: Int { 64 }
    package static var roomNameLimit: Int { 256 }

    private var entries: [String: Entry] = [:]
    private var byUser: [UserID: Set<String>] = [:]
    private var byConnection: [ConnectionID: String] = [:]
    private var byRoom: [String: Set<String>] = [:]

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var socketIDs: Set<String> { Set(entries.keys) }
    package var userIDs: Set<UserID> { Set(byUser.keys) }
    /// The rooms that other instances had sockets join.
    package var rooms: Set<String> { Set(byRoom.keys) }

    package subscript(id: String) -> Socket? { entries[id]?.socket }

    /// The rooms that other instances had a socket join.
    package func rooms(of id: String) -> Set<String> { entries[id]?.rooms ?? [] }

    /// The sockets in a room: of a user, of a socket alone, or one that was joined.
    package func members(of room: String) -> Set<String> {
        var members = byRoom[room] ?? []
        if entries[room] != nil { members.insert(room) }
        if let user = UserID(room) { members.formUnion(byUser[user] ?? []) }
        return members
    }

    package func socketIDs(of connections: some Sequence<ConnectionID>) -> Set<String> {
        Set(connections.compactMap { byConnection[$0] })
    }

    package func hasMembers(in room: String) -> Bool {
        byRoom[room] != nil || entries[room] != nil || UserID(room).map { byUser[$0] != nil } ?? false
    }

    package mutating func add(_ socket: Socket, id: String, userID: UserID, connectionID: ConnectionID) {
        guard entries[id] == nil else { return }
        entries[id] = Entry(socket: socket, userID: userID, connectionID: connectionID)
        byUser[userID, default: []].insert(id)
        byConnection[connectionID] = id
    }

    /// - Returns: the rooms that nobody is in any more, of those that were joined.
    package mutating func remove(_ id: String) -> [String] {
        guard let entry = entries[id] else { return [] }
        let emptied = entry.rooms.filter { leave($0, id) }
        entries[id] = nil
        byConnection[entry.connectionID] = nil
        byUser[entry.userID]?.remove(id)
        if byUser[entry.userID]?.isEmpty == true { byUser[entry.userID] = nil }
        return Array(emptied)
    }

    /// - Returns: whether the socket is the first in it; nil where it can't join or is in it.
    package mutating func join(_ room: String, _ id: String) -> Bool? {
        guard let entry = entries[id], entry.rooms.count < Self.roomLimit, room.utf8.count <= Self.roomNameLimit,
            entries[id]?.rooms.insert(room).inserted == true
        else { return nil }
        byRoom[room, default: []].insert(id)
        return byRoom[room]?.count == 1
    }

    /// - Returns: whether the socket was the last in it.
    package mutating func leave(_ room: String, _ id: String) -> Bool {
        guard entries[id]?.rooms.remove(room) != nil else { return false }
        byRoom[room]?.remove(id)
        guard byRoom[room]?.isEmpty == true else { return false }
        byRoom[room] = nil
        return true
    }
}

extension SocketIndex: Sendable where Socket: Sendable {}
extension SocketIndex.Entry: Sendable where Socket: Sendable {}
