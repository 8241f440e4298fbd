/// The closing of one connection (RFC 6455, section 7): which end began, and what may still be read.
package struct CloseHandshake: Hashable, Sendable {
    private enum State: Hashable {
        case open
        /// Our close frame is written; only the client's is read.
        case closing
        /// Nothing that comes means anything.
        case discarding
        case finished
    }

    /// What a received close frame asks for.
    package enum PeerCloseAction: Hashable, Sendable {
        /// Answer with the same code, then close the socket.
        case echo
        /// Ours was answered: close the socket.
        case closeSocket
        case ignore
    }

    private var state: State = .open

    package init() {}

    /// Whether messages are taken in and written.
    package var isOpen: Bool { state == .open }
    /// Whether bytes are still parsed.
    package var readsFrames: Bool { state == .open || state == .closing }

    /// This end closes, of its own will.
    ///
    /// - Returns: whether to write the close frame; false where the closing is under way.
    package mutating func begin() -> Bool {
        guard state == .open else { return false }
        state = .closing
        return true
    }

    /// The client broke the protocol; what it sends can't be read any more.
    ///
    /// - Returns: whether to write a close frame.
    package mutating func fail() -> Bool {
        defer { if state != .finished { state = .discarding } }
        return state == .open
    }

    package mutating func receivedClose() -> PeerCloseAction {
        switch state {
        case .open:
            state = .discarding
            return .echo
        case .closing:
            state = .finished
            return .closeSocket
        case .discarding, .finished:
            return .ignore
        }
    }

    package mutating func socketClosed() {
        state = .finished
    }
}
