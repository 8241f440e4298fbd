package import Logging

/// Presence as this instance has it: its own users, whom they want to know of, and what the directory says.
///
/// Sessions only leave word here and never wait. One task at a time, that of `run`, takes what they left, writes it to the directory in
/// batches and answers. Where the directory is away, the answers are what this instance knows by itself.
package actor PresenceHub {
    private struct Question {
        let connection: ConnectionID
        let ref: String?
        let users: [UserID]
    }

    /// The most people of one user's direct conversations whose presence is followed.
    package static let contactLimit = 500
    /// Of so many users contacts are read at once.
    private static let contactsAtOnce = 250
    /// In which the other instances notice that the directory was emptied and put their users in again: two scans, two heartbeats. A
    /// little less than the third heartbeat, which sees to it that those are read who have not been put in.
    private static let restoreTime = Duration.seconds(14)
    private static let batchLimit = 256
    /// In how many heartbeats every watched user is read once: soon enough that whoever is offline is so for everybody within 20 s of
    /// Redis, also where the event was lost. With more users than are read at a time it takes longer.
    private static let leastReadSlots = 3
    private static let readLimit = 512

    private nonisolated let directory: (any PresenceDirectory)?
    private nonisolated let time: any TimeSource
    private nonisolated let bus: any Bus
    private nonisolated let store: any MessageStore
    private nonisolated let followsTopics: Bool
    private nonisolated let logger: Logger
    private nonisolated let presenceLogger: Logger
    private nonisolated let inbox = PresenceInbox()
    private nonisolated let wakeUp = WakeUp()
    private nonisolated let dueWakeUp = WakeUp()
    private nonisolated let contactWakeUp = WakeUp()

    private var local = LocalPresence()
    private var watch: PresenceWatch
    private var sessions: [ConnectionID: SessionActor] = [:]
    private var followed: Set<UserID> = []
    /// Whose topic is to be followed next.
    private var unfollowed: Set<UserID> = []
    /// Whose topic may be of no interest any more.
    private var doubtful: Set<UserID> = []
    private var questions: [Question] = []
    private var acknowledgements: [(connection: ConnectionID, ref: String?)] = []
    /// Users whose contacts have yet to be read.
    private var contactless: Set<UserID> = []
    /// Watched users to be read from the directory.
    private var unread: Set<UserID> = []
    /// Whether the directory can be used: the lease is held, and the last call went well.
    private(set) var isOpen = false
    private var isRestoring = false
    /// Until then a user of whom the directory holds nothing may be one whose instance has yet to put it in again.
    private var trustsAbsenceFrom = Duration.zero
    /// Whether the watched users are to be read then: who was on an instance that has died meanwhile is reaped by nobody.
    private var readsAbsent = false

    /// - Parameters:
    ///   - directory: nil for a single instance.
    ///   - followsTopics: whether the bus has to be told whose presence is wanted (targeted routing).
    ///   - logger: labelled `Session`.
    ///   - presenceLogger: labelled `Presence`.
    package init(
        directory: (any PresenceDirectory)?,
        bus: any Bus,
        store: any MessageStore,
        time: any TimeSource,
        followsTopics: Bool = false,
        window: Duration = .seconds(1),
        logger: Logger = Logger(label: "Session"),
        presenceLogger: Logger = Logger(label: "Presence")
    ) {
        self.directory = directory
        self.bus = bus
        self.store = store
        self.time = time
        self.followsTopics = followsTopics
        self.logger = logger
        self.presenceLogger = presenceLogger
        watch = PresenceWatch(window: window)
    }

    /// Works until the task is cancelled.
    package nonisolated func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in self.wakeUp.stream { await self.work() } }
            group.addTask { for await _ in self.dueWakeUp.stream { await self.tellWhenDue() } }
            group.addTask { for await _ in self.contactWakeUp.stream { await self.readContacts() } }
        }
    }
}

// What sessions and the bus say.
extension PresenceHub {
    /// A session has become live.
    package nonisolated func opened(_ session: SessionActor, user: PresentUser) {
        inbox.add(.opened(session, user))
        wakeUp.fire()
    }

    /// A session has ended.
    package nonisolated func closed(_ connection: ConnectionID, of user: UserID) {
        inbox.add(.closed(connection, user))
        wakeUp.fire()
    }

    /// A client's command, answered later by way of its session.
    ///
    /// - Returns: false where too many of the connection's commands have no answer yet.
    package nonisolated func accept(_ command: PresenceCommand, ref: String?, from connection: ConnectionID, of user: UserID) -> Bool {
        guard inbox.add(command, ref: ref, of: connection, user: user) else { return false }
        wakeUp.fire()
        return true
    }

    /// Two people have begun to talk: from now on each hears of the other's presence.
    package nonisolated func met(_ pair: UserPair) {
        guard pair.first != pair.second else { return }
        inbox.add(.met(pair))
        wakeUp.fire()
    }

    /// Another instance tells of a user.
    package func receive(_ event: PresenceEvent) {
        guard local.receive(event) else { return wakeUp.fire() }
        tell(UserPresence(event), at: event.timestamp)
    }
}

// What is asked of the hub.
extension PresenceHub {
    /// Users with a connection on this instance.
    package var userCount: Int { local.userCount }

    /// The presence of users over the cluster, in the order in which they are named; nobody is missing in the answer.
    package func presence(of users: [UserID]) async -> [PresenceRecord] {
        let stored = await read(users)
        return users.map { record(of: $0, stored: stored) }
    }

    /// How many users are online over the cluster, and at most `limit` of them, any.
    package func onlineUsers(limit: Int) async -> (count: Int, users: [PresenceRecord]) {
        if isOpen, let directory {
            do {
                return try await directory.onlineUsers(limit: limit)
            } catch {
                failed(error)
            }
        }
        return (local.userCount, local.users(limit: limit))
    }

    /// Those of `users` that are online, on whatever instance.
    package func online(among users: [UserID]) async -> Set<UserID> {
        var online: Set<UserID> = []
        if isOpen, let directory {
            do {
                online = try await directory.online(among: users)
            } catch {
                failed(error)
            }
        }
        return online.union(users.lazy.filter { self.local.isHere($0) })
    }

    package func onlineCount(among users: [UserID]) async -> Int {
        await online(among: users).count
    }

    /// Begins to look for the other instances that hold a socket of the user, for an order that doesn't wait for the directory.
    package nonisolated func lookUpOtherInstances(of user: UserID, than instanceID: String) -> InstanceLookUp {
        InstanceLookUp(time: time) { await self.otherInstances(of: user, than: instanceID) }
    }

    /// The other instances that hold a socket of the user, as far as is known.
    package func otherInstances(of user: UserID, than instanceID: String) async -> [String] {
        guard isOpen, let directory else { return [] }
        do {
            return try await directory.instances(of: user).filter { $0 != instanceID }
        } catch {
            failed(error)
            return []
        }
    }

    /// What all instances say of themselves; nil where the directory is away.
    package func instances() async -> [InstanceReport]? {
        guard isOpen, let directory else { return nil }
        do {
            return try await directory.instances()
        } catch {
            failed(error)
            return nil
        }
    }

    private func record(of user: UserID, stored: [UserID: PresenceRecord]?) -> PresenceRecord {
        // A user who is here is online, whatever the directory says.
        if let here = local.record(of: user) { return here }
        if let record = stored?[user] { return record }
        if stored != nil, time.uptime() >= trustsAbsenceFrom {
            return PresenceRecord(userID: user, username: nil, status: .offline, lastSeen: nil)
        }
        let known = watch.known(of: user)
        return PresenceRecord(userID: user, username: nil, status: known?.status ?? .offline, lastSeen: known?.lastSeen)
    }

    /// What the directory has of `users`; nil where it is away.
    private func read(_ users: [UserID]) async -> [UserID: PresenceRecord]? {
        guard isOpen, let directory, !users.isEmpty else { return isOpen ? [:] : nil }
        do {
            return try await directory.userPresence(users)
        } catch {
            failed(error)
            return nil
        }
    }
}

// What the lease says.
extension PresenceHub {
    /// The lease is held: the directory may be used.
    ///
    /// - Parameters:
    ///   - isNew: nothing of what was written before is there any more.
    ///   - wasReaped: the other instances have taken this one's users offline.
    func leaseHeld(isNew: Bool, wasReaped: Bool = false) {
        if isNew {
            local.forgetWritten(wasReaped: wasReaped)
            trustsAbsenceFrom = time.uptime() + Self.restoreTime
            readsAbsent = true
            isRestoring = local.hasUnwritten
        }
        guard isNew || !isOpen else { return }
        // What was told meanwhile has been missed.
        if !isOpen { unread.formUnion(watch.users) }
        isOpen = true
        wakeUp.fire()
    }

    /// The directory can't be used until the lease is held again.
    func leaseLost() {
        guard isOpen else { return }
        isOpen = false
        wakeUp.fire()
    }

    /// What to refresh and to read with a heartbeat.
    func heartbeatUsers(_ heartbeat: Int, refreshSlots: Int) -> (refreshing: [UserID], reading: [UserID], start: PresenceWatch.ReadStart) {
        if readsAbsent, time.uptime() >= trustsAbsenceFrom {
            readsAbsent = false
            unread.formUnion(watch.users)
            wakeUp.fire()
        }
        let readSlots = max(Self.leastReadSlots, (watch.subjectCount + Self.readLimit - 1) / Self.readLimit)
        return (
            local.usersToRefresh(heartbeat: heartbeat, slots: refreshSlots),
            watch.usersToRead(slot: heartbeat, of: readSlots),
            watch.readStart
        )
    }

    func heartbeatAnswered(_ answer: HeartbeatAnswer, reading: [UserID], since start: PresenceWatch.ReadStart) {
        local.rewrite(answer.missing)
        watch.reconcile(reading.map { record(of: $0, stored: answer.records).presence }, since: start, now: time.uptime())
        if watch.nextDeadline != nil { dueWakeUp.fire() }
        if local.hasUnwritten { wakeUp.fire() }
    }

    /// Ends every session, so that its client goes elsewhere.
    func endAll(_ reason: EndReason) async {
        for session in Array(sessions.values) { await session.end(reason) }
    }

    /// Takes out of the directory what is left of this instance's users.
    func withdraw() async {
        takeInbox()
        local.closeAll(at: time.now())
        await write()
    }
}

// The work.
extension PresenceHub {
    /// Does what there is to do, in one task at a time.
    func work() async {
        repeat {
            takeInbox()
            if followsTopics { await followTopics() }
            await write()
            await answer()
        } while !Task.isCancelled && !inbox.isEmpty
    }

    private func takeInbox() {
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
                    wantTopic(other)
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
            wantTopic(user.userID)
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
        doubtful.insert(user)
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
            for user in users { wantTopic(user) }
            questions.append(Question(connection: connection, ref: ref, users: users.uniqued()))
        case .unwatch(let users):
            watch.unwatch(users, by: connection)
            reply(.presenceState(ref: ref, []), to: connection)
        }
    }

    /// Writes what the directory doesn't know, and tells what comes of it.
    private func write() async {
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

    private func failed(_ error: PresenceError) {
        guard isOpen else { return }
        isOpen = false
        presenceLogger.debug("directory_failed", metadata: ["error": "\(error)"])
        wakeUp.fire()
    }
}

// Contacts.
extension PresenceHub {
    /// Reads from the store whom the users who have come talk to; many at a time, which it reads together, and apart from everything else.
    private func readContacts() async {
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
        for other in others { wantTopic(other) }
        if !others.isEmpty { wakeUp.fire() }
    }
}

// Topics, with targeted routing.
extension PresenceHub {
    private func wantTopic(_ user: UserID) {
        if followsTopics, !followed.contains(user) { unfollowed.insert(user) }
    }

    /// Gives up the topics of those who have lost their last watcher or their last connection.
    private func reviewTopics() {
        for user in watch.takeDropped().union(doubtful) where followed.contains(user) && !isWanted(user) {
            followed.remove(user)
            bus.unfollow(.presence(user))
        }
        doubtful.removeAll()
    }

    private func followTopics() async {
        let wanted = unfollowed.filter(isWanted)
        unfollowed = []
        followed.formUnion(wanted)
        let bus = bus
        await withDiscardingTaskGroup { group in
            for user in wanted { group.addTask { await bus.follow(.presence(user)) } }
        }
    }

    private func isWanted(_ user: UserID) -> Bool {
        watch.isWatched(user) || local.isHere(user)
    }
}

// What clients are told.
extension PresenceHub {
    private func tell(_ presence: UserPresence, at: Timestamp?) {
        watch.receive(presence, at: at, now: time.uptime())
        if watch.nextDeadline != nil { dueWakeUp.fire() }
    }

    private func tellWhenDue() async {
        while let deadline = watch.nextDeadline {
            let now = time.uptime()
            if deadline > now {
                guard (try? await time.sleep(for: deadline - now)) != nil else { return }
            }
            send(watch.takeDue(now: time.uptime()))
        }
    }

    private func send(_ notices: [PresenceWatch.Notice]) {
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

    private func reply(_ event: Event, to connection: ConnectionID) {
        inbox.answered(connection)
        guard let session = sessions[connection] else { return }
        session.executor.execute { session.assumeIsolated { $0.answerPresence(event) } }
    }

    private func log(_ kind: PresenceEvent.Kind, _ user: UserID) {
        switch kind {
        case .online: logger.info("PRESENCE_ONLINE", metadata: ["userId": "\(user)"])
        case .offline: logger.info("PRESENCE_OFFLINE", metadata: ["userId": "\(user)"])
        case .status: break
        }
    }
}

extension Array where Element: Hashable {
    /// The elements without repetitions, in their order.
    fileprivate func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
