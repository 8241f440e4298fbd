import Actors
import TestSupport

extension SimulatedStore {
    func record(_ minute: ActivityMinute) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await core.truth.record(minute) }
    }

    func activity(of instanceID: String, in minute: Int64) async throws(StoreError) -> ActivityCounts? {
        try await ask { () async throws(StoreError) in try await core.truth.activity(of: instanceID, in: minute) }
    }

    func activity(in minutes: Range<Int64>, step: Int64) async throws(StoreError) -> [ActivitySpan] {
        try await ask { () async throws(StoreError) in try await core.truth.activity(in: minutes, step: step) }
    }

    func forgetActivity(before minute: Int64) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await core.truth.forgetActivity(before: minute) }
    }
}
