package import Actors

/// A bus that notes what is published, and delivers what a test gives it.
package final class RecordingBus: Bus {
    /// How much may wait for a consumer that doesn't read; the oldest goes first.
    package static let bufferLimit = 10_000

    package let published = Recorder<BusEvent>()
    package let messages: AsyncStream<BusDelivery>
    package let kicks: AsyncStream<BusDelivery>
    private let messageInput: AsyncStream<BusDelivery>.Continuation
    private let kickInput: AsyncStream<BusDelivery>.Continuation
    private let currentStatus: Locked<BusStatus>

    package init(status: BusStatus = .connected) {
        currentStatus = Locked(status)
        (messages, messageInput) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.bufferLimit))
        (kicks, kickInput) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.bufferLimit))
    }

    package var status: BusStatus {
        currentStatus.withLock { $0 }
    }

    package func setStatus(_ status: BusStatus) {
        currentStatus.withLock { $0 = status }
    }

    package func publish(_ event: BusEvent) {
        published.append(event)
    }

    /// Lets `delivery` come in as from the bus.
    ///
    /// - Returns: false where it pushed another one out, or nobody can read it any more.
    @discardableResult
    package func deliver(_ delivery: BusDelivery) -> Bool {
        let input =
            switch delivery.event {
            case .message: messageInput
            case .kick: kickInput
            }
        guard case .enqueued = input.yield(delivery) else { return false }
        return true
    }

    /// Ends both streams.
    package func finish() {
        messageInput.finish()
        kickInput.finish()
    }
}
