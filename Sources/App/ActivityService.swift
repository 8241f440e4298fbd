import Actors
import ServiceLifecycle

/// Runs the noting of activity until shutdown.
struct ActivityService: Service {
    let recorder: ActivityRecorder

    func run() async {
        await cancelWhenGracefulShutdown { await recorder.run() }
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
