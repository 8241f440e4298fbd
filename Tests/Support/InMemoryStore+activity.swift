package import Actors

extension InMemoryStore {
    package func record(_ minute: ActivityMinute) async throws(StoreError) {
        try await enter(.recordActivity)
        activity.removeAll { $0.minute == minute.minute && $0.instanceID == minute.instanceID }
        activity.append(minute)
    }

    package func activity(of instanceID: String, in minute: Int64) async throws(StoreError) -> ActivityCounts? {
        try await enter(.activityOfInstance)
        return activity.first { $0.minute == minute && $0.instanceID == instanceID }?.counts
    }

    package func activity(in minutes: Range<Int64>, step: Int64) async throws(StoreError) -> [ActivitySpan] {
        try await enter(.activity)
        var byMinute: [Int64: ActivityCounts] = [:]
        for line in activity where minutes.contains(line.minute) {
            byMinute[line.minute, default: ActivityCounts()].mergeInstance(line.counts)
        }
        var spans: [Int64: ActivityCounts] = [:]
        for (minute, counts) in byMinute { spans[minute / step * step, default: ActivityCounts()].mergeMinute(counts) }
        return spans.sorted { $0.key < $1.key }.map { ActivitySpan(start: $0.key, counts: $0.value) }
    }

    package func forgetActivity(before minute: Int64) async throws(StoreError) {
        try await enter(.forgetActivity)
        activity.removeAll { $0.minute < minute }
    }
}
