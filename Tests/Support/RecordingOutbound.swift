package import Actors

/// A connection's way out that notes what is written.
package final class RecordingOutbound: SessionOutbound {
    package enum Output: Sendable {
        case event(Event)
        case shared(SharedEvent)
        case ping
        case close(EndReason, after: Event?)

        /// The event that was written, however it was given; nil for a ping and a close.
        package var event: Event? {
            switch self {
            case .event(let event): event
            case .shared(let shared): shared.event
            case .ping, .close: nil
            }
        }

        package var closeReason: EndReason? {
            guard case .close(let reason, _) = self else { return nil }
            return reason
        }
    }

    private struct State {
        var admission = OutboundAdmission.accepted
        /// Outputs past which it is pressed.
        var room: Int?
        var leavesOutAcks = false
        var isClosed = false
    }

    /// What was accepted, and the first close; nothing after that.
    package let outputs = Recorder<Output>()
    private let state = Locked(State())

    package init() {}

    /// What was accepted so far.
    package var events: [Event] {
        outputs.elements.compactMap(\.event)
    }

    /// The messages that were written so far, in order.
    package var messages: [Message] {
        events.compactMap { event in
            guard case .messageReceived(let message, _, _) = event else { return nil }
            return message
        }
    }

    package var closeReason: EndReason? {
        outputs.elements.lazy.compactMap(\.closeReason).first
    }

    /// What each further event is answered with.
    package func setAdmission(_ admission: OutboundAdmission) {
        state.withLock { $0.admission = admission }
    }

    /// Has it write no `ACK` from now on, as Socket.IO doesn't for who asked for none.
    package func leaveOutAcks() {
        state.withLock { $0.leavesOutAcks = true }
    }

    package func send(_ event: Event) -> OutboundAdmission {
        if case .ack = event, state.withLock({ $0.leavesOutAcks }) { return .skipped }
        return write(.event(event))
    }

    package func send(_ event: SharedEvent) -> OutboundAdmission {
        write(.shared(event))
    }

    package var isPressed: Bool {
        guard let room = state.withLock({ $0.room }) else { return false }
        return outputs.elements.count >= room
    }

    /// Has half of what may wait for the client wait once `count` more have been written; nil for a client that reads all.
    package func takeOnly(_ count: Int?) {
        let written = outputs.elements.count
        state.withLock { $0.room = count.map { written + $0 } }
    }

    package func ping() {
        guard !state.withLock({ $0.isClosed }) else { return }
        outputs.append(.ping)
    }

    package func close(_ reason: EndReason, after event: Event?) {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if isFirst { outputs.append(.close(reason, after: event)) }
    }

    /// Returns the messages as soon as `count` have been written.
    @discardableResult
    package func waitForMessages(_ count: Int) async -> [Message] {
        await outputs.wait { outputs in
            outputs.lazy.compactMap(\.event).count { if case .messageReceived = $0 { true } else { false } } >= count
        }
        return messages
    }

    /// Returns the reason as soon as the connection is closed.
    package func waitForClose() async -> EndReason? {
        await outputs.wait { $0.contains { $0.closeReason != nil } }
        return closeReason
    }

    private func write(_ output: Output) -> OutboundAdmission {
        let (admission, isClosed) = state.withLock { ($0.admission, $0.isClosed) }
        if !isClosed, admission == .accepted { outputs.append(output) }
        return admission
    }
}
