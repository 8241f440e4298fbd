import Actors

/// Which keys a script may touch together.
package enum PresenceLayout: Hashable, Sendable, CaseIterable {
    /// All of them: they are in one Redis.
    case single
    /// Those of one user, which are in one slot of a Redis Cluster.
    case cluster
}

/// The names of what presence keeps in Redis.
struct PresenceKeys: Sendable {
    static let onlineUsers = "online_users"
    static let instances = "instances"
    static let leasePrefix = "instance:"

    let layout: PresenceLayout

    func presence(of user: String) -> String { "user_presence:\(tagged(user))" }
    func sockets(of user: String) -> String { "user_sockets:\(tagged(user))" }

    static func lease(of instance: String) -> String { leasePrefix + instance }
    static func users(of instance: String) -> String { "instance_users:\(instance)" }
    /// Held for a moment by who takes the instance's users offline.
    static func reaper(of instance: String) -> String { "instance_reaper:\(instance)" }
    /// There since the instance's users were taken offline, until it holds a lease again.
    static func reaped(_ instance: String) -> String { "instance_reaped:\(instance)" }

    /// A member of `sockets(of:)`.
    static func socket(_ connection: ConnectionID, on instance: String) -> String { "\(instance)/\(connection.value)" }

    /// The instance in a member of `sockets(of:)`.
    static func instance(ofSocket socket: String) -> String? {
        socket.lastIndex(of: "/").map { String(socket[..<$0]) }
    }

    /// In a cluster what is in braces alone decides on the slot.
    private func tagged(_ user: String) -> String {
        switch layout {
        case .single: user
        case .cluster: "{\(user)}"
        }
    }
}
