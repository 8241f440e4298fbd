/// Compares what was acknowledged with what each client saw.
struct HistoryChecker: Sendable {
    let history: History

    /// What is wrong, in words that lead to it.
    struct Findings: Sendable {
        var lost: [String] = []
        var twice: [String] = []
        var outOfOrder: [String] = []
        var wrongCloses: [String] = []

        var isEmpty: Bool { lost.isEmpty && twice.isEmpty && outOfOrder.isEmpty && wrongCloses.isEmpty }
    }

    func check() -> Findings {
        var findings = Findings()
        checkStored(&findings)
        let stored = history.stored.mapValues { Dictionary($0.map { ($0.seq, $0) }) { first, _ in first } }
        for (number, client) in history.clients.enumerated() {
            checkAcknowledged(client, number, stored, &findings)
            for (place, connection) in client.connections.enumerated() {
                var judge = ConnectionJudge(
                    client: client,
                    name: "client \(number), connection \(place)",
                    connection: connection,
                    stored: stored
                )
                judge.run(&findings)
            }
            checkComplete(client, number, &findings)
            checkCloses(client, number, &findings)
        }
        return findings
    }

    /// One number a message, without a hole, and one message a key.
    private func checkStored(_ findings: inout Findings) {
        for (conversation, messages) in history.stored {
            for (place, message) in messages.enumerated() where message.seq != Int64(place + 1) {
                findings.lost.append("\(conversation): number \(message.seq) stands where \(place + 1) should")
                break
            }
            if Set(messages.map(\.messageID)).count < messages.count {
                findings.twice.append("\(conversation): a messageId is stored twice")
            }
        }
    }

    /// What a client was promised is there, once.
    private func checkAcknowledged(
        _ client: ClientHistory,
        _ number: Int,
        _ stored: [String: [Int64: StoredMessage]],
        _ findings: inout Findings
    ) {
        var known: [String: String] = [:]
        for event in client.connections.flatMap(\.events) {
            guard case .acknowledged(let conversation, let seq, let messageID, let key) = event.kind else { continue }
            if stored[conversation]?[seq]?.messageID != messageID {
                findings.lost.append("client \(number): \(key), acknowledged as \(conversation) \(seq), is not stored")
            }
            if let earlier = known.updateValue(messageID, forKey: key), earlier != messageID {
                findings.twice.append("client \(number): \(key) was acknowledged as two messages")
            }
        }
    }

    /// What is stored was seen.
    private func checkComplete(_ client: ClientHistory, _ number: Int, _ findings: inout Findings) {
        var seen: [String: Set<Int64>] = [:]
        for event in client.connections.flatMap(\.events) {
            switch event.kind {
            case .received(let conversation, let seq, _), .acknowledged(let conversation, let seq, _, _):
                seen[conversation, default: []].insert(seq)
            case .answered, .closed: break
            }
        }
        for conversation in client.conversations {
            for message in history.stored[conversation] ?? [] where seen[conversation]?.contains(message.seq) != true {
                findings.lost.append("client \(number) never saw \(conversation) \(message.seq)")
            }
        }
    }

    /// Nobody is closed as kicked whom no kick meant.
    private func checkCloses(_ client: ClientHistory, _ number: Int, _ findings: inout Findings) {
        for connection in client.connections {
            for case .closed(let code?, let reason) in connection.events.map(\.kind) {
                guard code == 4003 || code == 1000 && ["Removed", "Session revoked"].contains(reason) else { continue }
                let isMeant = history.kicks.contains {
                    $0.client == number && $0.mayEnd(sessionID: connection.sessionID, askedAt: connection.logInAskedAt)
                }
                if !isMeant { findings.wrongCloses.append("client \(number) was closed with \(code) \(reason) and not kicked") }
            }
        }
    }
}

extension KickRecord {
    /// Whether it can have ended a session whose log-in was asked for at this time.
    fileprivate func mayEnd(sessionID: String, askedAt: Duration) -> Bool {
        action == .revokeOne ? sessionID == self.sessionID : askedAt < max(effectiveUntil, liftedAt ?? .zero)
    }
}

/// Follows one connection, frame by frame.
private struct ConnectionJudge {
    let client: ClientHistory
    let name: String
    let connection: ConnectionHistory
    let stored: [String: [Int64: StoredMessage]]
    private var last: [String: Int64] = [:]
    private var acknowledged: Set<String> = []

    init(client: ClientHistory, name: String, connection: ConnectionHistory, stored: [String: [Int64: StoredMessage]]) {
        self.client = client
        self.name = name
        self.connection = connection
        self.stored = stored
    }

    mutating func run(_ findings: inout HistoryChecker.Findings) {
        for event in connection.events {
            switch event.kind {
            case .received(let conversation, let seq, let messageID):
                receive(conversation, seq, messageID, &findings)
            case .acknowledged(_, _, let messageID, _):
                acknowledged.insert(messageID)
            case .answered, .closed: break
            }
        }
    }

    private mutating func receive(_ conversation: String, _ seq: Int64, _ messageID: String, _ findings: inout HistoryChecker.Findings) {
        if let message = stored[conversation]?[seq], message.messageID != messageID {
            findings.twice.append("\(name): \(conversation) \(seq) is another message than the stored one")
        }
        if acknowledged.contains(messageID) { findings.twice.append("\(name): \(conversation) \(seq) came after its ACK") }
        let before = last[conversation]
        let floor = connection.cursors[conversation] ?? 0
        if seq <= floor { findings.twice.append("\(name): \(conversation) \(seq) came, the client had everything up to \(floor)") }
        if let before, seq <= before {
            if seq == before {
                findings.twice.append("\(name): \(conversation) \(seq) came twice")
            } else {
                findings.outOfOrder.append("\(name): \(conversation) \(seq) came after \(before)")
            }
            return
        }
        last[conversation] = seq
        // Where nothing is known of the conversation, the first that comes is judged by what was seen in all.
        let known = before ?? connection.cursors[conversation]
        guard let known, known + 1 < seq else { return }
        for missing in (known + 1)..<seq where stored[conversation]?[missing]?.senderID != client.userID {
            findings.outOfOrder.append("\(name): \(conversation) \(seq) came before \(missing)")
            return
        }
    }
}
