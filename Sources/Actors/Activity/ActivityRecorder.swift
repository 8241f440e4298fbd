package import Logging

/// Notes how much happens on this instance and stores a line a minute.
package actor ActivityRecorder {
    /// How often users and connections are counted.
    private static let interval = Duration.seconds(5)
    private static let daysKept: Int64 = 30

    private let instanceID: String
    private let meter: ActivityMeter
    private let store: any Store
    private let time: any TimeSource
    private let logger: Logger
    private let sample: @Sendable () async -> ActivityCounts
    private var log: ActivityLog
    private var hoursForgotten: Int64 = 0

    /// - Parameter sample: how many users and connections there are now.
    package init(
        instanceID: String,
        meter: ActivityMeter,
        store: any Store,
        time: any TimeSource,
        logger: Logger = Logger(label: "Store"),
        sample: @escaping @Sendable () async -> ActivityCounts
    ) {
        self.instanceID = instanceID
        self.meter = meter
        self.store = store
        self.time = time
        self.logger = logger
        self.sample = sample
        log = ActivityLog(now: time.now())
    }

    /// The minute that runs, as far as it has come.
    package var current: ActivitySpan { log.current }

    /// Works until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await look()
            do {
                try await time.sleep(for: Self.interval)
            } catch {
                break
            }
        }
    }

    package func look() async {
        let now = time.now()
        log.note(meter.take(), at: now)
        log.note(await sample(), at: now)
        await write()
        await forget(now)
    }

    /// A last look when everything has ended, and the minute that runs is stored as it is. To be called once, after `run`.
    package func finish() async {
        let now = time.now()
        log.note(meter.take(), at: now)
        log.endMinute()
        await write()
    }

    private func write() async {
        while let next = log.next {
            do throws(StoreError) {
                if next.isShared {
                    log.takeIn(try await store.activity(of: instanceID, in: next.minute))
                    continue
                }
                try await store.record(ActivityMinute(instanceID: instanceID, minute: next.minute, counts: next.counts))
                log.stored(next.minute)
            } catch {
                logger.debug("activity_not_stored", metadata: ["code": "\(error.code)"])
                return
            }
        }
    }

    private func forget(_ now: Timestamp) async {
        let hour = now.milliseconds / 3_600_000
        guard hour != hoursForgotten else { return }
        hoursForgotten = hour
        // What can't be removed now is in an hour.
        try? await store.forgetActivity(before: ActivityLog.minute(of: now) - Self.daysKept * 1_440)
    }
}
