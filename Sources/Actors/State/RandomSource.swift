/// Where randomness comes from: one generator that many share.
package final class RandomSource: RandomNumberGenerator, Sendable {
    private let generator: Locked<any RandomNumberGenerator & Sendable>

    package init(_ generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.generator = Locked(generator)
    }

    package func next() -> UInt64 {
        generator.withLock { $0.next() }
    }
}
