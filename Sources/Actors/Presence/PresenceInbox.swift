/// What sessions tell the hub, in their order, until it looks.
///
/// A session never waits: what it says of its own beginning and end is always taken, which is as much as there are connections; of its
/// client's commands a limited number.
final class PresenceInbox: Sendable {
    enum Input: Sendable {
        case opened(SessionActor, PresentUser)
        case closed(ConnectionID, UserID)
        case command(PresenceCommand, ref: String?, ConnectionID, UserID)
        /// The first message of a direct conversation.
        case met(UserPair)
    }

    private struct State {
        var inputs: [Input] = []
        /// Commands of each connection that have no answer yet.
        var unanswered: [ConnectionID: Int] = [:]
    }

    /// The most commands of one connection that wait for their answer.
    static let commandLimit = 64

    private let state = Locked(State())

    func add(_ input: Input) {
        state.withLock { $0.inputs.append(input) }
    }

    /// False where too many commands of the connection have no answer yet.
    func add(_ command: PresenceCommand, ref: String?, of connection: ConnectionID, user: UserID) -> Bool {
        state.withLock { state in
            let count = state.unanswered[connection, default: 0]
            guard count < Self.commandLimit else { return false }
            state.unanswered[connection] = count + 1
            state.inputs.append(.command(command, ref: ref, connection, user))
            return true
        }
    }

    func takeAll() -> [Input] {
        state.withLock { state in
            defer { state.inputs = [] }
            return state.inputs
        }
    }

    var isEmpty: Bool {
        state.withLock { $0.inputs.isEmpty }
    }

    /// A command of the connection has its answer.
    func answered(_ connection: ConnectionID) {
        state.withLock { state in
            let count = state.unanswered[connection, default: 0]
            state.unanswered[connection] = count > 1 ? count - 1 : nil
        }
    }
}
