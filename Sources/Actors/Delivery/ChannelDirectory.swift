/// The channels that have a member on this instance.
package final class ChannelDirectory: Sendable {
    private struct Entry {
        let channel: ChannelActor
        /// Users that have opened it and not closed it; it goes with the last.
        var users: Int
    }

    private let entries = Locked<[ChannelName: Entry]>([:])

    package var count: Int {
        entries.withLock { $0.count }
    }

    package func channel(_ name: ChannelName) -> ChannelActor? {
        entries.withLock { $0[name]?.channel }
    }

    /// The channel's actor, made where it is the first user of this instance; to be closed once for each call.
    package func open(_ name: ChannelName, environment: DeliveryEnvironment) -> ChannelActor {
        entries.withLock { entries in
            var entry = entries[name] ?? Entry(channel: ChannelActor(name: name, environment: environment), users: 0)
            entry.users += 1
            entries[name] = entry
            return entry.channel
        }
    }

    func close(_ name: ChannelName) async {
        let retired = entries.withLock { entries -> ChannelActor? in
            guard var entry = entries[name] else { return nil }
            entry.users -= 1
            entries[name] = entry.users > 0 ? entry : nil
            return entry.users > 0 ? nil : entry.channel
        }
        await retired?.retire()
    }
}
