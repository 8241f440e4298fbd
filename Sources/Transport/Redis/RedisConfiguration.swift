/// Where Redis is and how to get in.
package struct RedisConfiguration: Hashable, Sendable {
    package enum Endpoint: Hashable, Sendable {
        /// A host's name or address without brackets, and its port.
        case tcp(host: String, port: Int)
        /// The path of a Unix domain socket.
        case unix(path: String)
    }

    /// How the server is found.
    package enum Location: Hashable, Sendable {
        case server(Endpoint)
        /// Whichever server these call the primary when a connection is made.
        case sentinels(RedisSentinels)
        /// A Redis Cluster; of these servers, one after the other, it is asked which there are.
        case cluster([Endpoint])
    }

    package var location: Location
    /// Nil for the default user.
    package var username: String?
    package var password: String?
    package var database: Int
    package var usesTLS: Bool
    /// A PEM file of certificates to trust instead of the system's.
    package var caFile: String?

    package init(
        location: Location,
        username: String? = nil,
        password: String? = nil,
        database: Int = 0,
        usesTLS: Bool = false,
        caFile: String? = nil
    ) {
        self.location = location
        self.username = username
        self.password = password
        self.database = database
        self.usesTLS = usesTLS
        self.caFile = caFile
    }

    /// Whether keys are spread over several servers by their hash slots.
    package var isClustered: Bool {
        if case .cluster = location { true } else { false }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomReflectable {
    /// Host and port, the socket's path, the sentinels, or the cluster's addresses: never user name and password.
    package var description: String {
        switch location {
        case .server(let endpoint): endpoint.description
        case .sentinels(let sentinels): sentinels.description
        case .cluster(let addresses): "the cluster of \(addresses.map(\.description).joined(separator: ","))"
        }
    }

    package var customMirror: Mirror {
        Mirror(self, children: ["location": description])
    }
}

extension RedisConfiguration.Endpoint: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix://\(path)"
        }
    }
}
