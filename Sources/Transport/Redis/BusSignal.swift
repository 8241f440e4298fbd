/// Wakes one task; further calls until it has woken up count as one.
struct BusSignal: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func fire() {
        // A full buffer says the same already.
        _ = continuation.yield()
    }

    func finish() {
        continuation.finish()
    }
}
