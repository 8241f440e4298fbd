import FoundationEssentials
import Testing
import Transport

@testable import App

@Suite("Capacity plans")
struct CapacityPlanTests {
    @Test("an instance has to do what it costs")
    func processorTime() throws {
        var workload = Workload(connections: 60_000)
        workload.directShare = 1
        workload.contacts = 0
        workload.connectsADay = 0
        let plan = CapacityPlan(
            load: ClusterLoad(workload: workload, instances: 10, routing: .targeted),
            costs: try costs(),
            size: InstanceSize()
        )
        // 1,000 messages a second, 100 of them sent on each instance, at 100 µs.
        #expect(plan.cores(.sending).isClose(to: 0.01))
        // Nine of ten cross: 90 a second come to each, at 50 µs; 10 stay, at 2 µs.
        #expect(plan.cores(.delivering).isClose(to: (90 * 50 + 10 * 2) / 1e6))
        // Redis sends each to two instances, of which one has nobody else to tell.
        #expect(plan.cores(.hearing).isClose(to: 110 * 10 / 1e6))
        #expect(plan.cores(.reconciling).isClose(to: 1_000 * 5 / 1e6))
        #expect(plan.cores(.heartbeats).isClose(to: 6_000 / 25 * 20 / 1e6))
        #expect(plan.redisCores.isClose(to: (2_000 * 3 + 2_000 * 1) / 1e6))
        #expect(plan.memory.isClose(to: 40e6 + 6_000 * 9_000))
    }

    @Test("the smallest cluster is enough, and one instance less is not", arguments: [10_000.0, 300_000, 1_000_000])
    func smallest(connections: Double) throws {
        let workload = Workload(connections: connections)
        let plan = try #require(CapacityPlan.smallest(workload, .targeted, costs: try costs(), size: InstanceSize()))
        #expect(plan.isEnough)
        guard plan.load.instances > 1 else { return }
        let less = ClusterLoad(workload: workload, instances: plan.load.instances - 1, routing: .targeted)
        #expect(!CapacityPlan(load: less, costs: try costs(), size: InstanceSize()).isEnough)
    }

    @Test("what every instance has to read of the others ends what one cluster can carry")
    func severalClusters() throws {
        let workload = Workload(connections: 100_000_000)
        #expect(CapacityPlan.smallest(workload, .targeted, costs: try costs(), size: InstanceSize()) == nil)
        let fewest = try #require(CapacityPlan.fewest(workload, .targeted, costs: try costs(), size: InstanceSize()))
        #expect(fewest.clusters > 1)
        #expect(fewest.each.isEnough)
        #expect(fewest.each.load.workload.connections * Double(fewest.clusters) == workload.connections)
    }

    @Test("broadcasting needs more of Redis and of each instance")
    func broadcast() throws {
        let workload = Workload(connections: 200_000)
        let plan = { (routing: BusRouting) in
            CapacityPlan(
                load: ClusterLoad(workload: workload, instances: 50, routing: routing),
                costs: try costs(),
                size: InstanceSize()
            )
        }
        #expect(try plan(.broadcast).redisCores > plan(.targeted).redisCores)
        #expect(try plan(.broadcast).cores > plan(.targeted).cores)
    }

    @Test("limits come in the order in which they are met, each at its own edge")
    func limits() throws {
        let costs = try costs()
        let limits = CapacityPlan.limits(Workload(connections: 1), .targeted, costs: costs, size: InstanceSize())
        #expect(limits.map(\.connections) == limits.map(\.connections).sorted())
        let sqlite = try #require(limits.first { $0.part.contains("SQLite") })
        // Half of 10,000 a second, of people who send one a minute.
        #expect((sqlite.connections / 300_000).isClose(to: 1))
    }

    @Test("figures are read by their names; of several runs the median")
    func readsFigures() throws {
        let rows = Cost.allCases.map { #"{"scenario":"costs","measure":"\#($0.rawValue)","unit":"","values":[1,7,3]}"# }
        let costs = try Costs(json: Data("[\(rows.joined(separator: ","))]".utf8))
        #expect(Cost.allCases.allSatisfy { costs[$0] == 3 })
    }

    @Test(
        "figures that are no figures, or not all of them, are refused",
        arguments: ["", "{}", "[]", #"[{"scenario":"costs","measure":"a heartbeat of a connection","values":[1]}]"#]
    )
    func refusesFigures(json: String) {
        #expect(throws: ExitError.self) { try Costs(json: Data(json.utf8)) }
    }

    private func costs() throws -> Costs {
        try Costs([
            .instanceMemory: 40e6, .connectionMemory: 9_000, .connect: 400, .heartbeat: 20, .send: 100, .delivery: 2, .hintForNobody: 10,
            .hintDelivered: 50, .change: 5, .redisPublish: 3, .redisCopy: 1, .redisConnection: 100, .redisSubscription: 100,
            .storedMessage: 400, .durableRate: 10_000,
        ])
    }
}

extension Double {
    fileprivate func isClose(to other: Double) -> Bool {
        abs(self - other) <= 1e-9 * max(abs(self), abs(other), 1)
    }
}
