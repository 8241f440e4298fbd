package import Actors

extension InMemoryStore {
    package func createChannel(_ channel: ChatChannel) async throws(StoreError) {
        try await enter(.createChannel)
        try conversations.create(channel, stamp: nextStamp())
    }

    package func channel(_ name: ChannelName) async throws(StoreError) -> ChannelSummary? {
        try await enter(.channel)
        return conversations.channel(name)
    }

    package func channels(after: ChannelName?, limit: Int) async throws(StoreError) -> [ChannelSummary] {
        try await enter(.channels)
        return conversations.channels(after: after, limit: limit)
    }

    package func join(_ name: ChannelName, user: UserID, limit: Int) async throws(StoreError) -> JoinOutcome {
        try await enter(.join)
        return conversations.join(name, user: user, limit: limit) { nextStamp() }
    }

    package func leave(_ name: ChannelName, user: UserID) async throws(StoreError) -> LeaveOutcome {
        try await enter(.leave)
        return conversations.leave(name, user: user) { nextStamp() }
    }

    package func isMember(_ user: UserID, of name: ChannelName) async throws(StoreError) -> Bool {
        try await enter(.isMember)
        return conversations.isMember(user, of: name)
    }

    package func joinedSeq(of user: UserID, in name: ChannelName) async throws(StoreError) -> Int64? {
        try await enter(.isMember)
        return conversations.joinedSeq(of: user, in: name)
    }

    package func channels(of user: UserID) async throws(StoreError) -> [ChannelName] {
        try await enter(.channelsOfUser)
        return conversations.channels(of: user)
    }

    package func members(of name: ChannelName, after: UserID?, limit: Int) async throws(StoreError) -> [UserID] {
        try await enter(.members)
        return conversations.members(of: name, after: after, limit: limit)
    }
}
