package import Actors
import NIOPosix
import Synchronization

/// Hashes passwords with scrypt on threads of its own; how many wait for these threads is bounded.
///
/// One derivation at the default cost takes 128 MiB on its thread for some tenths of a second.
package final class ScryptHasher: PasswordHasher {
    private let cost: Scrypt.Cost
    private let threads: NIOThreadPool
    private let waitingLimit: Int
    private let waiting = Atomic(0)
    private let mixedBlocks = Atomic(0)
    /// Stands in for a hash that isn't there, so that it costs as much.
    private let absentHash: ScryptHash

    /// Starts the threads; `shutdown` ends them.
    ///
    /// - Parameters:
    ///   - log2N: the cost of new hashes; 17 is what OWASP recommends, 1–20 are possible. Out of that range the nearest.
    ///   - threads: how many passwords are hashed at a time.
    ///   - waitingLimit: how many passwords may be hashed or wait; past it a call is refused.
    package init(log2N: Int = 17, threads: Int = 2, waitingLimit: Int = 32) {
        cost = Scrypt.Cost(clampingLog2N: log2N)
        absentHash = ScryptHash(cost: cost, salt: Array(repeating: 0, count: 16), key: Array(repeating: 0, count: 32))
        self.threads = NIOThreadPool(numberOfThreads: max(1, threads))
        self.waitingLimit = waitingLimit
        self.threads.start()
    }

    /// Ends the threads when what they do is done; every later call is refused.
    package func shutdown() async {
        // It fails only where it was called before.
        try? await threads.shutdownGracefully()
    }

    /// How much work was done so far, in 128-byte blocks of scrypt: equal work for equal questions can be counted, not only timed.
    package var workDone: Int {
        mixedBlocks.load(ordering: .relaxed)
    }

    package func hash(_ password: String) async throws(RequestError) -> String {
        guard let salt = Scrypt.randomBytes(16) else {
            throw RequestError(.internalError, "Something went wrong on this side.")
        }
        let key = try await key(password, salt: salt, cost: cost, count: 32)
        return ScryptHash(cost: cost, salt: salt, key: key).description
    }

    package func verify(_ password: String, against hash: String?) async throws(RequestError) -> Bool {
        let known = hash.flatMap(ScryptHash.init)
        let expected = known ?? absentHash
        let key = try await key(password, salt: expected.salt, cost: expected.cost, count: expected.key.count)
        let isEqual = Scrypt.isEqual(key, expected.key)
        return known != nil && isEqual
    }

    private func key(_ password: String, salt: [UInt8], cost: Scrypt.Cost, count: Int) async throws(RequestError) -> [UInt8] {
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard waiting.add(1, ordering: .relaxed).newValue <= waitingLimit else { throw Self.refusal }
        let password = Array(password.utf8)
        let key: [UInt8]?
        do {
            key = try await threads.runIfActive { [self] in
                mixedBlocks.add(cost.blocks, ordering: .relaxed)
                return Scrypt.deriveKey(password: password, salt: salt, cost: cost, count: count)
            }
        } catch {
            throw Self.refusal
        }
        guard let key else { throw Self.refusal }
        return key
    }

    private static var refusal: RequestError {
        RequestError(.storeUnavailable, "Too many log-ins are being checked; try again.", retryAfter: .seconds(2))
    }
}
