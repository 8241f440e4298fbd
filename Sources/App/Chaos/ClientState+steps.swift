import Transport

extension ClientState {
    /// What a client does next on its connection.
    struct Step: Sendable {
        var frames: [JSONValue] = []
        var hasPinged = false
        var isWatched = false
        var isOver = false
        var order: Order?
    }

    private static let silenceLimit = Duration.seconds(8)

    /// - Parameter pingDue: whether it is time to ask for a sign of life.
    mutating func nextStep(on connection: Int, pingDue: Bool, at now: Duration) -> Step {
        var step = Step(isWatched: isWatched)
        guard !isClosed, !isOver else {
            step.isOver = true
            return step
        }
        if let leaveAt, leaveAt <= now { step.isOver = true }
        if !isPaused, now - lastFrameAt > Self.silenceLimit { step.isOver = true }
        guard history.connections[connection].welcomedAt != nil else { return step }
        if let syncDue, syncDue <= now { step.frames.append(sync()) }
        if pingDue {
            step.frames.append(["type": "PING"])
            step.hasPinged = true
        }
        if !isPaused { step.frames += due(on: connection, at: now) }
        if !orders.isEmpty {
            let order = orders.removeFirst()
            step.order = order
            if case .stopReading = order { isPaused = true }
        }
        return step
    }

    /// The server, or the network, has ended a connection.
    mutating func noteClosed(_ close: WebSocketClose, on connection: Int, at now: Duration) {
        guard connection == history.connections.count - 1, !isClosed else { return }
        note(.closed(code: close.code, reason: close.reason), on: connection, at: now)
        isClosed = true
        // After these a client has to log in again.
        if close.code == 4003 || close.code == 4001 || close.code == 1000 { logIn = nil }
    }
}
