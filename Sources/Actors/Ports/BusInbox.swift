/// What a bus has received and nobody has read yet: a bounded stream a family.
package struct BusInbox: Sendable {
    private let streams: [BusFamily: AsyncStream<BusDelivery>]
    private let inputs: [BusFamily: AsyncStream<BusDelivery>.Continuation]

    /// - Parameter limit: the most of one family that waits; past it the oldest go.
    package init(limit: Int) {
        var streams: [BusFamily: AsyncStream<BusDelivery>] = [:]
        var inputs: [BusFamily: AsyncStream<BusDelivery>.Continuation] = [:]
        for family in BusFamily.allCases {
            (streams[family], inputs[family]) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(limit))
        }
        self.streams = streams
        self.inputs = inputs
    }

    package func events(_ family: BusFamily) -> AsyncStream<BusDelivery> {
        streams[family] ?? AsyncStream { $0.finish() }
    }

    package func yield(_ delivery: BusDelivery) -> AsyncStream<BusDelivery>.Continuation.YieldResult {
        inputs[delivery.event.family]?.yield(delivery) ?? .terminated
    }

    package func finish() {
        for input in inputs.values { input.finish() }
    }
}
