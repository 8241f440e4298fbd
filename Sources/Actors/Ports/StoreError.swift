/// A failure of the store, in the words that every store shares.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable, CaseIterable {
        /// A unique value exists already.
        case duplicateKey
        /// The store can't be reached. Of a write it is not known whether it happened.
        case unavailable
        /// No answer in time. Of a write it is not known whether it happened.
        case timeout
        /// More waits for the store than the queue before it holds; nothing was written.
        case overloaded
        case other
    }

    package let code: Code
    /// The store's own words, for the log alone: never shown to a client, no data of users in it.
    package let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String {
        "store error (\(code))"
    }
}
