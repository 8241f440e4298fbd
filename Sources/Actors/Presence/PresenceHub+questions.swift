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

    func record(of user: UserID, stored: [UserID: PresenceRecord]?) -> PresenceRecord {
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
    func read(_ users: [UserID]) async -> [UserID: PresenceRecord]? {
        guard isOpen, let directory, !users.isEmpty else { return isOpen ? [:] : nil }
        do {
            return try await directory.userPresence(users)
        } catch {
            failed(error)
            return nil
        }
    }
}
