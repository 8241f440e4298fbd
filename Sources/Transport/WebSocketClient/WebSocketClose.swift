/// How a connection ended, as the client saw it.
package struct WebSocketClose: Hashable, Sendable {
    /// The code of the server's close frame; nil where none came, or an empty one.
    package let code: UInt16?
    package let reason: String
    /// Whether a close frame came.
    package let isClean: Bool

    package init(code: UInt16?, reason: String, isClean: Bool) {
        self.code = code
        self.reason = reason
        self.isClean = isClean
    }
}
