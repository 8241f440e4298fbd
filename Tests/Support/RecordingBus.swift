package import Actors

/// A bus that notes what is published, and delivers what a test gives it.
package final class RecordingBus: Bus {
    /// How much may wait for a consumer that doesn't read; the oldest goes first.
    package static let bufferLimit = 10_000

    package let published = Recorder<BusEvent>()
    /// Of each of them.
    package let traces = Recorder<TraceParent?>()
    /// The topics that are followed, each as often as it was asked for.
    package let topics = Recorder<BusTopic>()
    package let confirmedLate = AsyncStream<BusTopic> { $0.finish() }
    package let statusChanges: AsyncStream<BusStatus>
    private let changes: AsyncStream<BusStatus>.Continuation
    private let inbox = BusInbox(limit: bufferLimit)
    private let currentStatus: Locked<BusStatus>

    package init(status: BusStatus = .connected) {
        currentStatus = Locked(status)
        (statusChanges, changes) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.bufferLimit))
    }

    package var status: BusStatus {
        currentStatus.withLock { $0 }
    }

    package func setStatus(_ status: BusStatus) {
        currentStatus.withLock { $0 = status }
        changes.yield(status)
    }

    package func publish(_ event: BusEvent) {
        publish(event, trace: nil)
    }

    package func publish(_ event: BusEvent, trace: TraceParent?) {
        published.append(event)
        traces.append(trace)
    }

    /// Lets `delivery` come in as from the bus.
    ///
    /// - Returns: false where it pushed another one out, or nobody can read it any more.
    @discardableResult
    package func deliver(_ delivery: BusDelivery) -> Bool {
        guard case .enqueued = inbox.yield(delivery) else { return false }
        return true
    }

    package func events(_ family: BusFamily) -> AsyncStream<BusDelivery> {
        inbox.events(family)
    }

    package func follow(_ topic: BusTopic) async {
        topics.append(topic)
    }

    package func unfollow(_ topic: BusTopic) {}

    /// Ends the streams.
    package func finish() {
        inbox.finish()
        changes.finish()
    }
}
