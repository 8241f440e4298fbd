import Logging

// What clients are told.
extension PresenceHub {
    func tell(_ presence: UserPresence, at: Timestamp?) {
        watch.receive(presence, at: at, now: time.uptime())
        if watch.nextDeadline != nil { dueWakeUp.fire() }
    }

    func tellWhenDue() async {
        while let deadline = watch.nextDeadline {
            let now = time.uptime()
            if deadline > now {
                guard (try? await time.sleep(for: deadline - now)) != nil else { return }
            }
            send(watch.takeDue(now: time.uptime()))
        }
    }

    func send(_ notices: [PresenceWatch.Notice]) {
        for notice in notices {
            let connections = notice.contacts.reduce(notice.connections) { $0.union(local.connections(of: $1)) }
            let recipients = connections.compactMap { sessions[$0] }
            let event = SharedEvent(.presence(notice.presence))
            for group in Dictionary(grouping: recipients, by: { ObjectIdentifier($0.executor) }).values {
                group[0].executor.execute {
                    for session in group { session.assumeIsolated { $0.deliverPresence(event) } }
                }
            }
        }
    }

    func reply(_ event: Event, to connection: ConnectionID) {
        inbox.answered(connection)
        guard let session = sessions[connection] else { return }
        session.executor.execute { session.assumeIsolated { $0.answerPresence(event) } }
    }

    func log(_ kind: PresenceEvent.Kind, _ user: UserID) {
        switch kind {
        case .online: logger.info("PRESENCE_ONLINE", metadata: ["userId": "\(user)"])
        case .offline: logger.info("PRESENCE_OFFLINE", metadata: ["userId": "\(user)"])
        case .status: break
        }
    }
}
