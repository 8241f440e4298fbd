/// The sentinels that watch a group of Redis servers and know which of them is the primary
/// (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/).
package struct RedisSentinels: Hashable, Sendable {
    /// Each sentinel; in this order they are asked.
    package var addresses: [RedisConfiguration.Endpoint]
    /// The group's name in the sentinels' configuration, `mymaster` for instance.
    package var group: String
    /// For the sentinels themselves; nil for the default user.
    package var username: String?
    package var password: String?

    package init(addresses: [RedisConfiguration.Endpoint], group: String, username: String? = nil, password: String? = nil) {
        self.addresses = addresses
        self.group = group
        self.username = username
        self.password = password
    }
}

extension RedisSentinels: CustomStringConvertible, CustomReflectable {
    /// The addresses and the group: never user name and password.
    package var description: String {
        "\(group) of the sentinels \(addresses.map(\.description).joined(separator: ","))"
    }

    package var customMirror: Mirror {
        Mirror(self, children: ["sentinels": description])
    }
}
