/// Who is in which channels: all told by numbers.
struct ChannelsPlan: Sendable {
    /// Idle ones.
    let channels: Int
    /// Of each channel, the busy one too; at most as many as people.
    let members: Int
    let people: Int

    static let busyName = "bench-busy"

    /// The same busy channel with nobody else.
    var busyAlone: ChannelsPlan { ChannelsPlan(channels: 0, members: members, people: members) }

    func name(of channel: Int) -> String { "bench-idle-\(channel)" }

    /// People who come one after the other, one further on with each channel: where there are as many channels as people, each is in as many
    /// channels as a channel has members.
    func members(of channel: Int) -> [Int] {
        (0..<members).map { (channel + $0) % people }
    }

    /// Spread over all people, so that they share no more idle channels than others do, and evenly over the server's event loops, which take
    /// connections in turns.
    var busyMembers: [Int] {
        var stride = max(1, people / members) | 1
        while Self.commonDivisor(stride, people) > 1 { stride += 2 }
        return (0..<members).map { $0 * stride % people }
    }

    private static func commonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : commonDivisor(b, a % b)
    }

    /// The channels of each, the busy one's last.
    var names: [[String]] {
        var names = Array(repeating: [String](), count: people)
        for channel in 0..<channels { for member in members(of: channel) { names[member].append(name(of: channel)) } }
        for member in busyMembers { names[member].append(Self.busyName) }
        return names
    }
}
