extension UserActor {
    /// Hears of the user and enters the channels that the user is in, held; to be awaited between `add` and the read of the baseline.
    ///
    /// - Throws: where it can't be read which channels those are, or how far they are.
    package func prepare(_ session: SessionActor) async throws(StoreError) {
        if !knowsChannels {
            let task = preparation ?? Task { await self.readChannels() }
            preparation = task
            try await task.value.get()
        }
        for (name, channel) in channels {
            try await channel.enter(session, of: userID, isHeld: true)
            // The user may have left the channel, or the connection have gone, since the step before.
            if channels[name] !== channel || members[session.connectionID] == nil { await channel.leave(session.connectionID) }
        }
    }

    private func readChannels() async -> Result<Void, StoreError> {
        // A task that has ended keeps its stack for as long as it is held.
        defer { preparation = nil }
        if !isFollowing {
            await environment.bus.follow(.user(userID))
            guard !isRetired else {
                environment.bus.unfollow(.user(userID))
                return .success(())
            }
            isFollowing = true
        }
        do throws(StoreError) {
            var (known, names): (UInt64, [ChannelName])
            repeat {
                known = channelChanges
                names = try await environment.store.channels(of: userID)
            } while channelChanges != known
            for name in names { _ = open(name) }
            knowsChannels = true
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    package func isIn(_ name: ChannelName) -> Bool {
        channels[name] != nil
    }

    package func channel(_ name: ChannelName) -> ChannelActor? {
        channels[name]
    }

    package var channelNames: [ChannelName] { Array(channels.keys) }

    /// The user has joined a channel, here or on another instance: every session enters it, `connection` left out where it is given, and
    /// is brought what was said there since.
    ///
    /// - Parameter joinedSeq: the channel's last number at the joining; nil where the store is to be asked.
    /// - Returns: the channel; nil where the user has no connection here any more.
    /// - Throws: where it can't be read how far the channel is; the sessions then enter with the next call.
    @discardableResult
    package func join(
        _ name: ChannelName,
        except connection: ConnectionID? = nil,
        joinedSeq: Int64? = nil
    ) async throws(StoreError) -> ChannelActor? {
        let isNew = channels[name] == nil
        channelChanges += 1
        guard let channel = open(name) else { return nil }
        do throws(StoreError) {
            var place = joinedSeq
            for (id, member) in members where id != connection {
                let isIn = await channel.contains(id)
                if isIn { continue }
                if place == nil { place = try await environment.store.joinedSeq(of: userID, in: name) }
                try await enter(channel, member, after: place)
                if channels[name] !== channel || members[id] == nil { await channel.leave(id) }
            }
        } catch {
            // As if it had not been heard of.
            if isNew, channels[name] === channel { await leave(name) }
            throw error
        }
        return channel
    }

    private func enter(_ channel: ChannelActor, _ member: Member, after seq: Int64?) async throws(StoreError) {
        let connection = member.session.connectionID
        let isHeld = members[connection].map { !$0.isLive } ?? true
        var behind = try await channel.enter(member.session, of: userID, isHeld: isHeld, after: seq)
        // It may have gone live since the step before.
        if isHeld, members[connection]?.isLive == true { behind = await channel.release(connection, missed: nil) }
        guard let behind else { return }
        let (session, conversation) = (member.session, channel.conversation)
        session.executor.execute { session.assumeIsolated { $0.lack([conversation: behind]) } }
    }

    /// The user has left a channel, here or on another instance.
    package func leave(_ name: ChannelName) async {
        channelChanges += 1
        guard let channel = channels.removeValue(forKey: name) else { return }
        // All in one step: who joins meanwhile comes after it.
        await channel.leave(Array(members.keys))
        await environment.channels.close(name)
    }

    /// The user has joined or left a channel, here or on another instance: every session does what the store says of it now. A hint may
    /// come late, and what was read before a session joined must not take it out again.
    ///
    /// - Parameter connection: left out where it is given.
    /// - Returns: whether it was news here.
    @discardableResult
    package func follow(_ name: ChannelName, except connection: ConnectionID? = nil) async throws(StoreError) -> Bool {
        channelChanges += 1
        while !isRetired {
            let known = channelChanges
            let joinedSeq = try await environment.store.joinedSeq(of: userID, in: name)
            guard channelChanges == known else { continue }
            guard isIn(name) != (joinedSeq != nil) else { return false }
            if let joinedSeq { try await join(name, except: connection, joinedSeq: joinedSeq) } else { await leave(name) }
            return true
        }
        return false
    }

    private func open(_ name: ChannelName) -> ChannelActor? {
        if let channel = channels[name] { return channel }
        // Nobody would close it.
        guard !isRetired else { return nil }
        let channel = environment.channels.open(name, environment: environment)
        channels[name] = channel
        return channel
    }
}
