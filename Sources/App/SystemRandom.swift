#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's own randomness, fetched for many numbers at once: a message takes four for its ids, each of which would be a system call.
///
/// What was fetched is in it: a copy would give the same numbers once more.
struct SystemRandom: RandomNumberGenerator {
    /// The most that `getentropy` gives.
    private static let bytes = 256

    private var words: [UInt64] = []

    mutating func next() -> UInt64 {
        if let word = words.popLast() { return word }
        words = [UInt64](unsafeUninitializedCapacity: Self.bytes / MemoryLayout<UInt64>.size) { buffer, count in
            count = getentropy(buffer.baseAddress, Self.bytes) == 0 ? buffer.count : 0
        }
        if let word = words.popLast() { return word }
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
