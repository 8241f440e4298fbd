/// How much happened, a line an instance and minute.
package protocol ActivityStore: Sendable {
    /// Stores a minute of an instance, in the place of what was stored for it before.
    func record(_ minute: ActivityMinute) async throws(StoreError)

    /// What is stored of a minute of an instance; nil where nothing is.
    func activity(of instanceID: String, in minute: Int64) async throws(StoreError) -> ActivityCounts?

    /// What happened in the minutes of a range, over all instances, put together in spans of `step` minutes.
    ///
    /// - Returns: the spans in which something was noted, ascending. Each begins at a multiple of `step`.
    func activity(in minutes: Range<Int64>, step: Int64) async throws(StoreError) -> [ActivitySpan]

    /// Removes all minutes before this one.
    func forgetActivity(before minute: Int64) async throws(StoreError)
}
