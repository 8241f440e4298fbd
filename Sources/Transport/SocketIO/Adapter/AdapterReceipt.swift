/// Stands for a message that was received while something works on it. It counts as waiting until the last of those lets this go, be it that
/// their work is done or that it was dropped with the executor it was given to.
final class AdapterReceipt: Sendable {
    private let link: AdapterLink
    private let bytes: Int

    init(_ message: AdapterLink.Incoming, over link: AdapterLink) {
        self.link = link
        bytes = message.payload.count
    }

    deinit {
        link.noteDone(bytes: bytes)
    }
}
