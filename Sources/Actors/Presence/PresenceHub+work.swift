import Logging

// The work.
extension PresenceHub {
    /// Does what there is to do, in one task at a time.
    func work() async {
        repeat {
            takeInbox()
            await followTopics()
            await compareList()
            await write()
            await answer()
        } while !Task.isCancelled && !inbox.isEmpty
    }

    func takeInbox() {
        let now = time.now()
        for input in inbox.takeAll() {
            switch input {
            case .opened(let session, let user): open(session, user, at: now)
            case .closed(let connection, let user): close(connection, of: user, at: now)
            case .command(let command, let ref, let connection, let user):
                perform(command, ref: ref, of: connection, user: user, at: now)
            case .met(let pair):
                for (user, other) in [(pair.first, pair.second), (pair.second, pair.first)] where local.isHere(user) {
                    watch.addContacts([other], of: user)
                    topics?.want(other)
                    unread.insert(other)
                }
            }
        }
        reviewTopics()
        if !contactless.isEmpty { contactWakeUp.fire() }
    }

    private func open(_ session: SessionActor, _ user: PresentUser, at now: Timestamp) {
        sessions[session.connectionID] = session
        if local.open(user, connection: session.connectionID, at: now) {
            contactless.insert(user.userID)
            topics?.want(user.userID)
            if !isOpen { log(.online, user.userID) }
        }
    }

    private func close(_ connection: ConnectionID, of user: UserID, at now: Timestamp) {
        guard sessions.removeValue(forKey: connection) != nil else { return }
        watch.remove(connection)
        if local.close(connection, of: user, at: now) {
            contactless.remove(user)
            watch.removeContacts(of: user)
            if !isOpen { log(.offline, user) }
        }
        topics?.doubt(user)
    }

    private func perform(_ command: PresenceCommand, ref: String?, of connection: ConnectionID, user: UserID, at now: Timestamp) {
        switch command {
        case .set(let status):
            local.setStatus(status, of: user, at: now)
            acknowledgements.append((connection, ref))
        case .watch(let users):
            guard sessions[connection] != nil else { return inbox.answered(connection) }
            guard watch.watch(users, by: connection) else {
                let limit = PresenceCommand.watchLimit
                let error = RequestError(.badRequest, "userIds: a connection may watch at most \(limit) users.")
                return reply(.error(ref: ref, error), to: connection)
            }
            for user in users { topics?.want(user) }
            questions.append(Question(connection: connection, ref: ref, users: users.uniqued()))
        case .unwatch(let users):
            watch.unwatch(users, by: connection)
            reply(.presenceState(ref: ref, []), to: connection)
        }
    }

    /// Has the users put in again who are missing in the directory's list of this instance's users, and those taken out who have gone.
    private func compareList() async {
        guard comparesList, isOpen, let directory else { return }
        comparesList = false
        do {
            let gone = local.compare(withListed: Set(try await directory.listedUsers()))
            guard !gone.isEmpty else { return }
            let records = try await directory.userPresence(gone)
            local.takeOut(gone.map { PresentUser(userID: $0, username: records[$0]?.username ?? "\($0)") }, at: time.now())
        } catch {
            comparesList = true
            failed(error)
        }
    }

    /// Writes what the directory doesn't know, and tells what comes of it.
    func write() async {
        while isOpen, let directory, let batch = local.nextBatch(limit: Self.batchLimit) {
            do {
                let outcomes = try await directory.update(batch.changes)
                for event in local.complete(batch, with: outcomes) {
                    directory.publishPresenceEvent(event)
                    log(event.kind, event.userID)
                    tell(UserPresence(event), at: event.timestamp)
                }
            } catch {
                local.fail(batch)
                failed(error)
            }
        }
        let touched = local.takeTouched()
        if isOpen {
            if isRestoring {
                isRestoring = false
                presenceLogger.notice("presence_restored", metadata: ["users": .stringConvertible(local.userCount)])
            }
        } else {
            for record in touched { tell(record.presence, at: nil) }
            if directory == nil { local.dropUnwritten() }
        }
        for (connection, ref) in acknowledgements { reply(.ack(ref: ref, message: nil, isDuplicate: false), to: connection) }
        acknowledgements.removeAll()
    }

    /// Reads what was asked for, all of it in one go, and answers.
    private func answer() async {
        guard !questions.isEmpty || !unread.isEmpty else { return }
        let questions = questions
        let unread = unread
        self.questions = []
        self.unread = []
        let users = Set(questions.lazy.flatMap(\.users)).union(unread)
        let start = watch.readStart
        let stored = await read(Array(users))
        let now = time.uptime()
        if stored != nil || directory == nil {
            watch.reconcile(unread.map { record(of: $0, stored: stored).presence }, since: start, now: now)
        }
        for question in questions {
            let read = Dictionary(uniqueKeysWithValues: question.users.map { ($0, record(of: $0, stored: stored).presence) })
            let (states, notices) = watch.answer(question.users, for: question.connection, read: read, since: start)
            send(notices)
            reply(.presenceState(ref: question.ref, states), to: question.connection)
        }
        if watch.nextDeadline != nil { dueWakeUp.fire() }
    }

    func failed(_ error: PresenceError) {
        guard isOpen else { return }
        isOpen = false
        presenceLogger.debug("directory_failed", metadata: ["error": "\(error)"])
        wakeUp.fire()
    }
}

// Contacts.
extension PresenceHub {
    /// Reads from the store whom the users who have come talk to; many at a time, which it reads together, and apart from everything else.
    func readContacts() async {
        while !Task.isCancelled, !contactless.isEmpty {
            let users = Array(contactless.prefix(Self.contactsAtOnce))
            contactless.subtract(users)
            let store = store
            await withTaskGroup(of: (UserID, [UserID]?).self) { group in
                for user in users {
                    group.addTask { (user, try? await store.contacts(of: user, limit: Self.contactLimit)) }
                }
                for await (user, contacts) in group { setContacts(contacts, of: user) }
            }
        }
    }

    private func setContacts(_ contacts: [UserID]?, of user: UserID) {
        // Without an answer the user hears of contacts with the next connection.
        guard let contacts, local.isHere(user) else { return }
        let others = Set(contacts).subtracting([user])
        watch.addContacts(others, of: user)
        unread.formUnion(others)
        for other in others { topics?.want(other) }
        if !others.isEmpty { wakeUp.fire() }
    }
}

// Topics, with targeted routing.
extension PresenceHub {
    /// Gives up the topics of those who have lost their last watcher or their last connection.
    private func reviewTopics() {
        for user in watch.takeDropped() { topics?.doubt(user) }
        for user in topics?.takeGivenUp(unless: isOfInterest) ?? [] { bus.unfollow(.presence(user)) }
    }

    private func followTopics() async {
        guard let users = topics?.takeNew(where: isOfInterest), !users.isEmpty else { return }
        let bus = bus
        await withDiscardingTaskGroup { group in
            for user in users { group.addTask { await bus.follow(.presence(user)) } }
        }
    }

    private func isOfInterest(_ user: UserID) -> Bool {
        watch.isWatched(user) || local.isHere(user)
    }
}

extension Array where Element: Hashable {
    /// The elements without repetitions, in their order.
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
