package import Actors

/// Keeps passwords as they are, and counts what it was asked. For tests of what a right or wrong password leads to.
package final class PlainPasswordHasher: PasswordHasher {
    private struct State {
        var hashes = 0
        var verifications = 0
        var failure: RequestError?
    }

    private let state = Locked(State())

    package init() {}

    package var hashes: Int {
        state.withLock { $0.hashes }
    }

    package var verifications: Int {
        state.withLock { $0.verifications }
    }

    /// Makes every call throw `error`; nil ends it.
    package func failAll(_ error: RequestError?) {
        state.withLock { $0.failure = error }
    }

    package func hash(_ password: String) throws(RequestError) -> String {
        let failure = state.withLock { state in
            state.hashes += 1
            return state.failure
        }
        if let failure { throw failure }
        return "plain:" + password
    }

    package func verify(_ password: String, against hash: String?) throws(RequestError) -> Bool {
        let failure = state.withLock { state in
            state.verifications += 1
            return state.failure
        }
        if let failure { throw failure }
        return hash == "plain:" + password
    }
}
