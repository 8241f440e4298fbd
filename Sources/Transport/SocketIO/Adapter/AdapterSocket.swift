package import Actors

/// A client of this instance that speaks Socket.IO, as far as other instances may use it. What it says of itself is asked from anywhere;
/// what is done to it is done on its executor.
package protocol AdapterSocket: Sendable {
    /// The Socket.IO id, and the name of the socket's own room.
    var socketID: String { get }
    var connectionID: ConnectionID { get }
    var principal: Principal { get }
    var handshake: AdapterHandshake { get }
    /// Shared with other clients.
    var executor: any SessionExecutor { get }

    /// Writes an event to the client.
    func emit(_ packet: AdapterPacket)

    /// Writes an event that the client acknowledges; `acknowledged` is called at most once, with the first argument of its answer.
    func emit(_ packet: AdapterPacket, acknowledged: @escaping @Sendable (MessagePackValue) -> Void)

    /// Ends the client's namespace by the server's will, so that it doesn't come back by itself.
    ///
    /// - Parameter closesTransport: whether the connection is closed as well.
    func disconnect(closesTransport: Bool)
}
