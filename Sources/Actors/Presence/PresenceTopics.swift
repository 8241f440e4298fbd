/// Whose changes of presence the bus is told to bring, where it doesn't bring everybody's (targeted routing).
struct PresenceTopics {
    private var followed: Set<UserID> = []
    /// Whose topic is to be followed next.
    private var wanted: Set<UserID> = []
    /// Whose topic may be of no interest any more.
    private var doubtful: Set<UserID> = []

    mutating func want(_ user: UserID) {
        if !followed.contains(user) { wanted.insert(user) }
    }

    /// The user has lost a watcher or a connection.
    mutating func doubt(_ user: UserID) {
        doubtful.insert(user)
    }

    /// The users to follow from now on, each once: those who are of interest still.
    mutating func takeNew(where isOfInterest: (UserID) -> Bool) -> Set<UserID> {
        let users = wanted.filter(isOfInterest)
        wanted = []
        followed.formUnion(users)
        return users
    }

    /// The users to follow no longer, each once: the followed ones who are of no interest any more.
    mutating func takeGivenUp(unless isOfInterest: (UserID) -> Bool) -> Set<UserID> {
        let users = doubtful.filter { followed.contains($0) && !isOfInterest($0) }
        doubtful = []
        followed.subtract(users)
        return users
    }
}
