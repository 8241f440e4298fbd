import Actors
import TestSupport
import Transport

/// What happened to a connection's session, in order.
enum SessionHappening: Hashable, Sendable {
    case started
    case received(ref: String?)
    case ticked
    case closed
}

/// A session without rules: answers `PING`, gives errors back, and tells the test what happens to it.
actor TestSession: ConnectionSession {
    nonisolated let connectionID: ConnectionID
    nonisolated let executor: any SessionExecutor
    nonisolated let principal: Principal?
    nonisolated let peer: PeerInfo
    nonisolated let happenings = Recorder<SessionHappening>()
    private let outbound: any SessionOutbound
    private(set) var activities = 0
    private(set) var lastAdmission: OutboundAdmission = .accepted

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(connectionID: ConnectionID, executor: any SessionExecutor, outbound: any SessionOutbound, principal: Principal?, peer: PeerInfo) {
        self.connectionID = connectionID
        self.executor = executor
        self.outbound = outbound
        self.principal = principal
        self.peer = peer
    }

    func start() {
        happenings.append(.started)
    }

    func receive(_ frame: ClientFrame) {
        happenings.append(.received(ref: frame.ref))
        switch frame.command {
        case .success: send(.pong(ref: nil, serverTime: Timestamp(milliseconds: 0)))
        case .failure(let error): send(.error(ref: frame.ref, error))
        }
    }

    func noteActivity() {
        activities += 1
    }

    func tick() {
        happenings.append(.ticked)
    }

    func connectionClosed() {
        happenings.append(.closed)
    }

    func send(_ event: Event) {
        lastAdmission = outbound.send(event)
    }

    func send(_ event: SharedEvent) {
        lastAdmission = outbound.send(event)
    }

    /// Sends `event` until the connection takes no more.
    ///
    /// - Returns: how many were taken; nil where `limit` was not enough.
    func fill(with event: SharedEvent, limit: Int) -> Int? {
        for count in 0..<limit where outbound.send(event) == .overflow { return count }
        return nil
    }

    func ping() {
        outbound.ping()
    }

    func end(_ reason: EndReason, after event: Event? = nil) {
        outbound.close(reason, after: event)
    }
}
