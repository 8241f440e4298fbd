import Actors

extension MongoStore {
    /// As `perform`; the body hears whether an earlier try of it may have been carried out.
    ///
    /// What it finds done already is then its own doing: at worst somebody else's who did the same in that moment.
    func performRepeatedly<Value: Sendable>(
        _ body: @escaping @Sendable (MongoClient, _ isRepetition: Bool) throws -> Value
    ) async throws(StoreError) -> Value {
        var retry = Retry(within: patience)
        var isRepetition = false
        while true {
            do {
                return try await pool.withClient { [isRepetition] in try body($0, isRepetition) }
            } catch {
                guard await retry.pause(after: error) else { throw error.storeError }
                isRepetition = true
            }
        }
    }
}
