import COpenSSL

/// scrypt (RFC 7914) and what belongs to it from libcrypto. The only place that gives it pointers.
enum Scrypt {
    /// The cost of one derivation.
    struct Cost: Hashable, Sendable {
        /// The binary logarithm of N.
        let log2N: Int
        /// The block size: memory is 128 · r · N bytes.
        let blockSize: Int
        let parallelism: Int

        /// Nil for what scrypt doesn't allow, and for more than any hash of ours takes: 1 GiB, and sixteen times the work that fills it.
        init?(log2N: Int, blockSize: Int, parallelism: Int) {
            guard
                (1...20).contains(log2N), (1...32).contains(blockSize), (1...16).contains(parallelism),
                (blockSize << log2N) <= (8 << 20)
            else { return nil }
            self.log2N = log2N
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// The usual r = 8 and p = 1 with the nearest allowed N.
        init(clampingLog2N log2N: Int) {
            self.log2N = min(max(log2N, 1), 20)
            blockSize = 8
            parallelism = 1
        }

        /// How many 128-byte blocks one derivation mixes: what its time follows.
        var blocks: Int {
            (blockSize << log2N) * parallelism
        }

        /// What OpenSSL is allowed to take: its own account is 128 · r · (N + p + 2), the rest is room to spare.
        fileprivate var memoryLimit: UInt64 {
            UInt64(128 * blockSize * ((1 << log2N) + parallelism + 2) + (1 << 20))
        }
    }

    /// Derives a key of `count` bytes; nil where libcrypto can't, for want of memory.
    static func deriveKey(password: [UInt8], salt: [UInt8], cost: Cost, count: Int = 32) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: count)
        let result = password.withUnsafeBytes { password in
            salt.withUnsafeBytes { salt in
                EVP_PBE_scrypt(
                    password.baseAddress?.assumingMemoryBound(to: CChar.self),
                    password.count,
                    salt.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    salt.count,
                    1 << UInt64(cost.log2N),
                    UInt64(cost.blockSize),
                    UInt64(cost.parallelism),
                    cost.memoryLimit,
                    &key,
                    count
                )
            }
        }
        return result == 1 ? key : nil
    }

    /// Random bytes from libcrypto's generator; nil where it has no entropy.
    static func randomBytes(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return RAND_bytes(&bytes, Int32(count)) == 1 ? bytes : nil
    }

    /// Whether both are the same, in a time that doesn't depend on where they differ.
    static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && CRYPTO_memcmp(one, other, one.count) == 0
    }
}
