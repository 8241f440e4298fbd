/// A room with a channel of its own in the sharded format.
struct AdapterRoom: SubscriptionTopic {
    let room: String

    init(_ room: String) {
        self.room = room
    }

    init?(channel: String) {
        guard case .room(let room) = AdapterChannels().address(of: channel) else { return nil }
        self.room = room
    }

    var channels: [String] { [AdapterChannels().name(of: .room(room))] }
}
