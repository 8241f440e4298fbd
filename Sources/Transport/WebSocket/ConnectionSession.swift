package import Actors

/// What a connection talks to: one actor on the connection's event loop, called through `assumeIsolated`.
package protocol ConnectionSession: Actor {
    /// Once, when the upgrade is done.
    func start()

    /// A text message of the client.
    func receive(_ frame: ClientFrame)

    /// The client has sent something, be it a pong.
    func noteActivity()

    /// Once a second.
    func tick()

    /// The socket is gone; once, and nothing comes after it.
    func connectionClosed()
}

extension SessionActor: ConnectionSession {}
