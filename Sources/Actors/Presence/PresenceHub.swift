package import Logging

/// Presence as this instance has it: its own users, whom they want to know of, and what the directory says.
///
/// Sessions only leave word here and never wait. One task at a time, that of `run`, takes what they left, writes it to the directory in
/// batches and answers. Where the directory is away, the answers are what this instance knows by itself.
package actor PresenceHub {
    struct Question {
        let connection: ConnectionID
        let ref: String?
        let users: [UserID]
    }

    /// The most people of one user's direct conversations whose presence is followed.
    package static let contactLimit = 500
    /// Of so many users contacts are read at once.
    static let contactsAtOnce = 250
    /// In which the other instances notice that the directory was emptied and put their users in again: two scans, two heartbeats. A
    /// little less than the third heartbeat, which sees to it that those are read who have not been put in.
    static let restoreTime = Duration.seconds(14)
    static let batchLimit = 256
    /// In how many heartbeats every watched user is read once: soon enough that whoever is offline is so for everybody within 20 s of
    /// Redis, also where the event was lost. With more users than are read at a time it takes longer.
    static let leastReadSlots = 3
    static let readLimit = 512

    nonisolated let directory: (any PresenceDirectory)?
    nonisolated let time: any TimeSource
    nonisolated let bus: any Bus
    nonisolated let store: any MessageStore
    nonisolated let logger: Logger
    nonisolated let presenceLogger: Logger
    nonisolated let inbox = PresenceInbox()
    nonisolated let wakeUp = WakeUp()
    nonisolated let dueWakeUp = WakeUp()
    nonisolated let contactWakeUp = WakeUp()

    var local = LocalPresence()
    var watch: PresenceWatch
    var sessions: [ConnectionID: SessionActor] = [:]
    /// Nil where the bus brings everything (broadcast routing).
    var topics: PresenceTopics?
    var questions: [Question] = []
    var acknowledgements: [(connection: ConnectionID, ref: String?)] = []
    /// Users whose contacts have yet to be read.
    var contactless: Set<UserID> = []
    /// Watched users to be read from the directory.
    var unread: Set<UserID> = []
    /// Whether the directory can be used: the lease is held, and the last call went well.
    var isOpen = false
    var isRestoring = false
    /// Whether the directory may have forgotten what was written last: its list of this instance's users has to be compared with who is here.
    var comparesList = false
    /// Until then a user of whom the directory holds nothing may be one whose instance has yet to put it in again.
    var trustsAbsenceFrom = Duration.zero
    /// Whether the watched users are to be read then: who was on an instance that has died meanwhile is reaped by nobody.
    var readsAbsent = false

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
        topics = followsTopics ? PresenceTopics() : nil
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

    /// The directory was out of reach. It may have started again from what it had saved, or another may have taken its place.
    package func directoryReturned() {
        comparesList = true
        wakeUp.fire()
    }

    /// Another instance tells of a user.
    package func receive(_ event: PresenceEvent) {
        guard local.receive(event) else { return wakeUp.fire() }
        tell(UserPresence(event), at: event.timestamp)
    }
}
