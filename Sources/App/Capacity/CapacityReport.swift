import Transport

/// Plans as tables in Markdown.
struct CapacityReport: Sendable {
    let costs: Costs
    let size: InstanceSize
    /// Of any number of people.
    let workload: Workload

    /// The numbers of connections that are planned where nobody says which.
    static let usual: [Double] = [10_000, 1_000_000, 100_000_000]

    var costTable: [String] {
        ["| what | cost | unit |", "| --- | ---: | --- |"]
            + Cost.allCases.map {
                "| \($0.rawValue) | \(costs[$0] < 1_000 ? Figure.text(costs[$0]) : Self.whole(costs[$0])) | \($0.unit) |"
            }
    }

    /// A column for each number of connections.
    func plans(_ connections: [Double], _ routing: BusRouting) -> [String] {
        let columns = connections.map { connections in
            var all = workload
            all.connections = connections
            return (all: all, plan: CapacityPlan.fewest(all, routing, costs: costs, size: size))
        }
        func row(_ name: String, _ value: (Workload, Int, CapacityPlan) -> String) -> String {
            "| \(name) | \(columns.map { column in column.plan.map { value(column.all, $0.clusters, $0.each) } ?? "–" }.joined(separator: " | ")) |"
        }
        var lines = [
            "| \(routing.rawValue) | \(connections.map(Self.whole).joined(separator: " | ")) |",
            "| --- |\(String(repeating: " ---: |", count: connections.count))",
            row("messages a second") { all, _, _ in Self.whole(all.messages) },
            row("clusters") { _, clusters, _ in "\(clusters)" },
            row("instances in each") { _, _, plan in Self.whole(plan.load.instances) },
            row("decided by") { _, _, plan in plan.bound.rawValue },
            row("memory of an instance, MiB") { _, _, plan in Self.whole(plan.memory / 1_048_576) },
            row("busy cores of an instance") { _, _, plan in Figure.text(plan.cores) },
        ]
        for part in CapacityPlan.Part.allCases {
            lines.append(row("of that \(part.rawValue), %") { _, _, plan in Self.whole(plan.cores(part) / plan.cores * 100) })
        }
        return lines + [
            row("hints a second, of each cluster") { _, _, plan in Self.whole(plan.load.publishes) },
            row("copies of them a second") { _, _, plan in Self.whole(plan.load.copies) },
            row("busy cores of Redis") { _, _, plan in Figure.text(plan.redisCores) },
            row("Redis servers to share that") { _, _, plan in "\(plan.redisShards)" },
            row("subscriptions, MiB of Redis") { _, _, plan in Self.whole(plan.redisMemory / 1_048_576) },
            row("rows that reconcilers read a second") { _, _, plan in Self.whole(plan.reconciledRows) },
            row("messages of a year, GiB, all clusters") { _, clusters, plan in
                Self.whole(plan.storedAYear * Double(clusters) / 1_073_741_824)
            },
        ]
    }

    /// Where one cluster breaks.
    func limits(_ routing: BusRouting) -> [String] {
        ["| too small first | at connections |", "| --- | ---: |"]
            + CapacityPlan.limits(workload, routing, costs: costs, size: size).map { "| \($0.part) | \(Self.whole($0.connections)) |" }
    }

    /// The rates of the plan beside those of a simulated cluster of 1,000 instances.
    func check(usersEach: Int, _ routing: BusRouting) -> [String] {
        var all = workload
        all.connections = Double(CapacityPlan.mostInstances * usersEach)
        let simulation = RoutingSimulation(
            instances: CapacityPlan.mostInstances,
            usersEach: usersEach,
            workload: all,
            routing: routing
        )
        let result = simulation.run()
        let rows = RoutingCheck(load: simulation.load, result: result, messages: simulation.messages).rows
        return [
            "| \(CapacityPlan.mostInstances) instances, \(Self.whole(all.connections)) people | plan | simulated |",
            "| --- | ---: | ---: |",
        ]
            + rows.map { "| \($0.name) | \(Figure.text($0.planned)) | \(Figure.text($0.simulated)) |" } + [
                "| instances that should have heard and did not | 0 | \(result.missed) |",
                "| the busiest instance, times the average | 1 | \(Figure.text(result.busiestInstance)) |",
                "| the busiest of 16 Redis servers, times the average | 1 | \(Figure.text(result.busiestShard(of: 16))) |",
            ]
    }

    /// With a comma each three digits.
    private static func whole(_ value: Double) -> String {
        var digits = String(Int64(value.rounded()))
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(Substring(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([Substring(digits)] + groups).joined(separator: ",")
    }
}

/// What the plan reckons with beside what a simulation of the same cluster has counted.
struct RoutingCheck: Sendable {
    let rows: [(name: String, planned: Double, simulated: Double)]

    init(load: ClusterLoad, result: RoutingSimulation.Result, messages: Int) {
        let count = Double(messages)
        let presence = load.presenceCopies / load.presenceEvents
        rows = [
            ("publishes of a message", load.publishes / load.workload.messages, Double(result.publishes) / count),
            ("copies of a message", load.messageCopies / load.workload.messages, Double(result.copies) / count),
            ("copies of a change of presence", presence, Double(result.presenceCopies) / Double(result.presenceEvents)),
            ("subscriptions of an instance", load.subscriptions / load.instances, Double(result.subscriptions) / load.instances),
        ]
    }
}

extension RoutingSimulation {
    /// What the plan reckons with for the same cluster.
    var load: ClusterLoad { ClusterLoad(workload: workload, instances: Double(instances), routing: routing) }
}
