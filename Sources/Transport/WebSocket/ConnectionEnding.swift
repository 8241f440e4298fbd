import Actors

/// How this end closes a WebSocket connection.
struct ConnectionEnding: Hashable, Sendable {
    let status: CloseStatus
    /// Whether what waits is dropped, and a client that doesn't close in time is reset.
    let jumpsQueue: Bool

    init(_ reason: EndReason) {
        status = CloseStatus(code: reason.closeCode, reason: reason.closeText)
        jumpsQueue = reason.jumpsQueue
    }

    private init(code: UInt16, reason: String) {
        status = CloseStatus(code: code, reason: reason)
        jumpsQueue = false
    }

    /// Nothing is wrong.
    static let normal = Self(code: 1000, reason: "")
    /// The client's messages are not what is spoken here.
    static let unreadable = Self(code: 1002, reason: "parse error")
}
