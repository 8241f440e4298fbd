/// How much one connection may take of the instance.
package struct WebSocketLimits: Hashable, Sendable {
    /// The longest message of a client, in bytes.
    package var maxFrameBytes = 64 * 1_024
    /// Of what waits for a client that doesn't read.
    package var outboundLimit = OutboundLimit()
    /// What the socket is read with, in bytes: each idle connection keeps one such buffer.
    package var receiveBufferBytes = 512
    /// From the accepted connection to its first whole request head, and from there to the answer to an upgrade.
    package var handshakeTimeout: Duration
    /// From the head of an HTTP request to the end of its body.
    package var bodyTimeout: Duration
    /// How long an HTTP connection without a request stays open.
    package var idleTimeout: Duration
    /// How long the client has for its close frame after ours.
    package var closeTimeout: Duration = .seconds(5)
    /// As `closeTimeout`, where the close jumps the queue; then the connection is reset.
    package var kickTimeout: Duration = .milliseconds(500)

    package init(
        handshakeTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(30),
        idleTimeout: Duration = .seconds(75)
    ) {
        self.bodyTimeout = bodyTimeout
        self.handshakeTimeout = handshakeTimeout
        self.idleTimeout = idleTimeout
    }
}
