import Actors
import ServiceLifecycle

/// Runs the noting of activity until shutdown, and stores the minute in which that happens.
struct ActivityService: Service {
    let recorder: ActivityRecorder

    /// How long a store that is away may hold up what stops after this.
    private static let patience = Duration.seconds(1)

    func run() async {
        await cancelWhenGracefulShutdown { await recorder.run() }
        _ = await value(within: Self.patience) { await recorder.finish() }
    }

    /// How many users and connections there are now.
    static func sample(_ registry: Registry, _ presence: PresenceHub) async -> ActivityCounts {
        var counts = ActivityCounts()
        counts[.connections] = await registry.counts.connections
        for (figure, users) in zip(ActivityFigure.connectionsPerUser, await registry.connectionsPerUser) { counts[figure] = users }
        counts[.users] = await presence.onlineUsers(limit: 1).count
        return counts
    }
}
