/// The names of the Redis channels of one namespace.
package struct AdapterChannels: Hashable, Sendable {
    /// Where a message came from, or goes to.
    package enum Address: Hashable, Sendable {
        /// Not about one room alone.
        case everybody
        /// About exactly this room. With the sharded format it may also be an instance's own, where its answers come.
        case room(String)
        /// Questions and orders of the classic format.
        case requests
        /// Answers of the classic format, to whomever.
        case responses
    }

    package let namespace: String
    private let prefix: String

    /// - Parameters:
    ///   - namespace: with its slash.
    ///   - prefix: the adapter's option `key` or `channelPrefix`.
    package init(namespace: String = "/", prefix: String = "socket.io") {
        self.namespace = namespace
        self.prefix = prefix
    }

    package func name(of address: Address) -> String {
        switch address {
        case .everybody: "\(prefix)#\(namespace)#"
        case .room(let room): "\(prefix)#\(namespace)#\(room)#"
        case .requests: "\(prefix)-request#\(namespace)#"
        case .responses: "\(prefix)-response#\(namespace)#"
        }
    }

    /// The pattern of all broadcasts.
    package var broadcasts: String {
        name(of: .everybody) + "*"
    }

    /// What a channel is for; nil for one of another namespace, or of something else.
    package func address(of channel: String) -> Address? {
        let everybody = name(of: .everybody)
        if channel == everybody { return .everybody }
        if channel == name(of: .requests) { return .requests }
        if channel == name(of: .responses) { return .responses }
        // A room's name may hold the mark itself.
        guard channel.hasPrefix(everybody), channel.hasSuffix("#") else { return nil }
        return .room(String(channel.dropFirst(everybody.count).dropLast()))
    }
}
