/// What people do at the busiest time of day. Each has one connection.
struct Workload: Sendable {
    var connections = 1.0
    /// Messages that each sends a minute.
    var messagesAMinute = 1.0
    /// The share of messages that go to one person.
    var directShare = 0.8
    /// Members of a channel who are connected, the sender among them.
    var channelMembers = 30.0
    /// Channels that each person is in.
    var channelsEach = 5.0
    /// Connected people whom each shares a direct conversation with, and so is told the presence of.
    var contacts = 20.0
    /// How often each connects, a day.
    var connectsADay = 10.0
    /// How much busier the busiest time is than the average.
    var peak = 3.0

    /// Messages a second.
    var messages: Double { connections * messagesAMinute / 60 }
    var direct: Double { messages * directShare }
    var inChannels: Double { messages * (1 - directShare) }
    var channels: Double { connections * channelsEach / channelMembers }
    /// Connections that come, and as many that go, a second.
    var connects: Double { connections * connectsADay / 86_400 * peak }
    var messagesAYear: Double { messages / peak * 86_400 * 365 }
}

/// What an instance runs on, and how much of it the plan uses at the busiest time.
struct InstanceSize: Sendable {
    var cores = 2.0
    /// Bytes.
    var memory = 4.0 * 1_073_741_824
    /// The share of a core, and of the one that Redis uses, that the plan gives away: the rest is for those who come over from an instance
    /// that has died.
    var share = 0.5
    /// Connections, as many as were held when the figures were taken.
    var connections = 50_000.0
    /// Seconds between the heartbeats of a connection.
    var heartbeat = 25.0
}
