import Actors
import Hummingbird

/// What the instances say of themselves. Stands behind `AdminMiddleware`.
struct ClusterRoutes: Sendable {
    let presence: PresenceHub
    let reporter: InstanceReporter

    private struct InstanceLine: Encodable {
        let instanceId: String
        let version: String
        let startedAt: String
        let connections: Int
        let users: Int
        let bus: String
        let store: String
        let heartbeatAt: String

        init(_ report: InstanceReport) {
            instanceId = report.instanceID
            version = report.version
            startedAt = report.startedAt.description
            connections = report.connections
            users = report.users
            bus = report.bus
            store = report.store
            heartbeatAt = report.heartbeatAt.description
        }
    }

    private struct Totals: Encodable {
        let instances: Int
        let connections: Int
        /// Each counted once, on however many instances.
        let users: Int
    }

    private struct Answer: Encodable {
        let instances: [InstanceLine]
        let totals: Totals
    }

    func add(to admin: RouterGroup<APIContext>) {
        admin.get("cluster") { _, _ in
            let own = await reporter.report()
            // This instance is as it is now, the others as they were at their last heartbeat.
            let others = (await presence.instances() ?? []).filter { $0.instanceID != own.instanceID }
            let reports = (others + [own]).sorted { $0.instanceID < $1.instanceID }
            let users = await presence.onlineUsers(limit: 1).count
            return try JSONBody.response(
                Answer(
                    instances: reports.map(InstanceLine.init),
                    totals: Totals(instances: reports.count, connections: reports.reduce(0) { $0 + $1.connections }, users: users)
                )
            )
        }
    }
}
