/// How long things took: kicks, and messages while something failed or after it.
struct DelayAnalysis: Sendable {
    let history: History
    /// What counts as nobody's delay, in times that don't overlap.
    private let stalls: [StallRecord]

    init(history: History) {
        self.history = history
        var stalls: [StallRecord] = []
        for stall in (history.stalls + history.storeStalls).sorted(by: { $0.began < $1.began }) {
            if let last = stalls.last, stall.began <= last.ended {
                stalls[stalls.count - 1] = StallRecord(began: last.began, ended: max(last.ended, stall.ended))
            } else {
                stalls.append(stall)
            }
        }
        self.stalls = stalls
    }

    /// How long after its answer a kicked session was still open, and how long it may have been.
    struct Kick: Sendable {
        enum Condition: String, CaseIterable, Sendable {
            /// The instance that answered; at once.
            case here = "on the answering instance"
            /// Elsewhere, with the bus healthy.
            case healthy = "elsewhere, all healthy"
            /// Elsewhere, with the bus down or a hint lost, or an instance out of reach; counted from when it could be reached again.
            case faulty = "elsewhere, in a fault"
        }

        let condition: Condition
        let delay: Duration
        let detail: String
    }

    /// How late a message was.
    struct Delivery: Sendable {
        enum Condition: String, CaseIterable, Sendable {
            case healthy = "all healthy"
            /// During or after a fault of Redis or the links to it alone.
            case bus = "bus failing or just back"
            /// Counted from the end of the last fault.
            case recovery = "after any other fault"
        }

        let condition: Condition
        let delay: Duration
        let detail: String
    }

    /// How much time lay between two moments, without that in which the clients stood still themselves or the database didn't answer.
    private func time(from: Duration, to: Duration) -> Duration {
        let stood = stalls.reduce(Duration.zero) { $0 + max(.zero, min(to, $1.ended) - max(from, $1.began)) }
        return max(.zero, to - from - stood)
    }

    // MARK: - Kicks

    /// How long each order took to be answered.
    var answerTimes: [(delay: Duration, detail: String)] {
        history.kicks.map { ($0.answeredAt - $0.requestedAt, "client \($0.client), \($0.action.rawValue) asked for at \($0.requestedAt)") }
    }

    /// For each kick after which something was still open the worst of each condition.
    func kicks() -> [Kick] {
        history.kicks.flatMap { kick in
            let all = evidence(of: kick).map { delay(of: $0, after: kick) }
            return Kick.Condition.allCases.compactMap { condition in
                all.filter { $0.condition == condition }.max { $0.delay < $1.delay }
            }
        }
    }

    private struct Evidence {
        let at: Duration
        let instance: Int
        let what: String
    }

    /// Each sign after the answer that a session lives which the kick ended.
    private func evidence(of kick: KickRecord) -> [Evidence] {
        let client = history.clients[kick.client]
        var found: [Evidence] = []
        for connection in client.connections where kick.ends(sessionID: connection.sessionID, loggedInAt: connection.loggedInAt) {
            for event in connection.events where event.at > kick.answeredAt && !event.isLate {
                if case .closed = event.kind { continue }
                found.append(Evidence(at: event.at, instance: connection.instance, what: "\(event.kind)"))
            }
        }
        let sessions = Dictionary(client.connections.map { ($0.sessionID, $0.loggedInAt) }) { first, _ in first }
        for request in client.admittedRequests where request.askedAt > kick.answeredAt {
            guard let loggedInAt = sessions[request.sessionID], kick.ends(sessionID: request.sessionID, loggedInAt: loggedInAt) else {
                continue
            }
            found.append(Evidence(at: request.askedAt, instance: request.instance, what: "a request was admitted"))
        }
        return found
    }

    private func delay(of evidence: Evidence, after kick: KickRecord) -> Kick {
        let faults = history.faults.filter {
            $0.concerns(kick.answeredAt, evidence.at) && ($0.hits(evidence.instance) || $0.kind.area == .bus && $0.hits(kick.instance))
        }
        let outOfReach = faults.filter { $0.kind.area != .bus }.map { min($0.ended, evidence.at) }
        let base = max(kick.answeredAt, outOfReach.max() ?? .zero)
        let detail = "client \(kick.client), \(kick.action.rawValue) answered at \(kick.answeredAt): \(evidence.what) at \(evidence.at)"
        let condition: Kick.Condition = evidence.instance == kick.instance ? .here : faults.isEmpty ? .healthy : .faulty
        return Kick(condition: condition, delay: time(from: condition == .here ? kick.answeredAt : base, to: evidence.at), detail: detail)
    }

    // MARK: - Messages

    /// How late each message reached each client that was connected.
    func deliveries() -> [Delivery] {
        var acknowledgedAt: [String: Duration] = [:]
        for event in history.clients.lazy.flatMap(\.connections).flatMap(\.events) {
            guard case .acknowledged(_, _, let messageID, _) = event.kind else { continue }
            acknowledgedAt[messageID] = min(event.at, acknowledgedAt[messageID] ?? event.at)
        }
        var found: [Delivery] = []
        for (number, client) in history.clients.enumerated() {
            var seen: Set<String> = []
            for connection in client.connections {
                guard let welcomedAt = connection.welcomedAt else { continue }
                for event in connection.events {
                    guard let messageID = event.messageID, seen.insert(messageID).inserted, !event.isLate else { continue }
                    guard case .received(let conversation, let seq, _) = event.kind, let promised = acknowledgedAt[messageID] else {
                        continue
                    }
                    let base = max(promised, welcomedAt)
                    guard base < event.at else { continue }
                    let detail = "client \(number): \(conversation) \(seq), due at \(base), came at \(event.at)"
                    found.append(judge(base, event.at, detail))
                }
            }
        }
        return found
    }

    private func judge(_ base: Duration, _ at: Duration, _ detail: String) -> Delivery {
        let faults = history.faults.filter { $0.concerns(base, at) }
        guard !faults.isEmpty else { return Delivery(condition: .healthy, delay: time(from: base, to: at), detail: detail) }
        let others = faults.filter { $0.kind.area != .bus }
        guard !others.isEmpty else { return Delivery(condition: .bus, delay: time(from: base, to: at), detail: detail) }
        let healed = others.map(\.ended).max() ?? base
        return Delivery(condition: .recovery, delay: time(from: max(base, healed), to: at), detail: detail)
    }
}

extension ClientEvent {
    /// Of the message that it brings.
    var messageID: String? {
        switch kind {
        case .received(_, _, let messageID), .acknowledged(_, _, let messageID, _): messageID
        case .answered, .closed: nil
        }
    }
}
