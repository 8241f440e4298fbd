import Actors

/// What waits to be published; encoded only when it is its turn, so that whoever says it doesn't wait for that.
enum AdapterHint: Sendable {
    case event(BusEvent)
    case answer(AdapterPublication)

    /// Nil for an event that other instances have no word for.
    init?(_ event: BusEvent) {
        guard event.hasEmissions else { return nil }
        self = .event(event)
    }

    func publications(_ codec: any AdapterCodec) -> [AdapterPublication] {
        switch self {
        case .event(let event): event.emissions.map { $0.publication(codec) }
        case .answer(let publication): [publication]
        }
    }

    /// About as much as it takes, in bytes.
    var size: Int {
        switch self {
        case .event(.message(let message)), .event(.chat(.updated(let message))), .event(.chat(.reaction(let message))):
            512 + message.content.utf8.count
        case .event: 512
        case .answer(let publication): publication.payload.count
        }
    }
}
