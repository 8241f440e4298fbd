/// How a WebSocket client behaves.
package struct WebSocketClientOptions: Hashable, Sendable {
    /// The longest message that is taken in, in bytes.
    package var maxMessageBytes = 1_024 * 1_024
    /// What the socket is read with, in bytes: small where there are many connections.
    package var receiveBufferBytes = 2_048
    /// The size of the kernel's receive buffer (SO_RCVBUF), in bytes; nil leaves it to the system.
    package var socketReceiveBufferBytes: Int?
    /// Messages that wait for `messages`' reader; past it the connection is closed.
    package var messageBufferLimit = 65_536
    /// Whether pings are answered.
    package var answersPings = true
    /// From the first packet to the upgrade.
    package var connectTimeout: Duration = .seconds(10)

    package init() {}
}
