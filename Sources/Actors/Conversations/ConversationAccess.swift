/// Decides who may read and write a conversation: the two people of a direct one, the members of a channel.
package struct ConversationAccess: Sendable {
    private let store: any ChannelStore
    private let registry: Registry

    package init(store: any ChannelStore, registry: Registry) {
        self.store = store
        self.registry = registry
    }

    /// - Throws: `.forbidden` where the user doesn't belong to it, `.notFound` where there is no such channel.
    package func check(_ conversation: ConversationID, for user: UserID) async throws(RequestError) {
        switch conversation {
        case .direct(let pair):
            guard pair.contains(user) else { throw RequestError(.forbidden, "This conversation is of others.") }
        case .channel(let name):
            let isIn = await registry.user(user)?.isIn(name) ?? false
            guard !isIn else { return }
            let (isMember, exists) = try await membership(of: user, in: name)
            guard exists else { throw .noSuchChannel }
            guard isMember else { throw RequestError(.forbidden, "Join the channel first.") }
        }
    }

    private func membership(of user: UserID, in name: ChannelName) async throws(RequestError) -> (isMember: Bool, exists: Bool) {
        do throws(StoreError) {
            if try await store.isMember(user, of: name) { return (true, true) }
            return (false, try await store.channel(name) != nil)
        } catch {
            throw RequestError(error)
        }
    }
}

extension RequestError {
    static let noSuchChannel = RequestError(.notFound, "There is no channel with this channelId.")
}
