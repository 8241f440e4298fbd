import CoreMetrics
import Synchronization

/// A number that only grows.
final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        count.store(0, ordering: .relaxed)
    }
}

/// A number that goes up and down, or one that is taken over from elsewhere.
final class GaugeCell: RecorderHandler, MeterHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func set(_ value: Int64) { set(Double(value)) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { bits.add(amount) }
    func decrement(by amount: Double) { bits.add(-amount) }
}

/// Numbers counted in buckets, with their sum. What is read while others record may be a few recordings apart between bucket and sum.
final class HistogramCell: RecorderHandler, TimerHandler {
    let bounds: [Double]
    /// One for each bound and one for what is above all of them. The pointer leads to atomics alone, which are there as long as this object.
    private nonisolated(unsafe) let buckets: UnsafeMutableBufferPointer<Atomic<Int64>>
    private let sumBits = Atomic<UInt64>(0)

    init(bounds: [Double]) {
        self.bounds = bounds
        buckets = .allocate(capacity: bounds.count + 1)
        for index in buckets.indices { buckets.initializeElement(at: index, to: Atomic(0)) }
    }

    deinit {
        buckets.deinitialize().deallocate()
    }

    /// How many fell into each bucket alone, and the sum of all.
    var state: (counts: [Int64], sum: Double) {
        (buckets.indices.map { buckets[$0].load(ordering: .relaxed) }, Double(bitPattern: sumBits.load(ordering: .relaxed)))
    }

    func record(_ value: Double) {
        // There are few bounds, and most values fall under the first ones.
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        buckets[index].wrappingAdd(1, ordering: .relaxed)
        sumBits.add(value)
    }

    func record(_ value: Int64) {
        record(Double(value))
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1e9)
    }
}

extension Atomic<UInt64> {
    /// Adds to the number whose bits these are.
    fileprivate borrowing func add(_ amount: Double) {
        var seen = load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: seen) + amount).bitPattern
            let (isExchanged, original) = weakCompareExchange(expected: seen, desired: sum, ordering: .relaxed)
            if isExchanged { return }
            seen = original
        }
    }
}
