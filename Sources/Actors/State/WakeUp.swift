/// Wakes one task; further calls until it has woken up count as one.
package struct WakeUp: Sendable {
    package let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func fire() {
        // A full buffer says the same already.
        _ = continuation.yield()
    }
}
