import Testing
import Transport

@testable import App

/// What `switchboard capacity` reckons with, beside a cluster in which the program's own topics and names decide who hears what.
@Suite("Routing at 1,000 instances")
struct RoutingSimulationTests {
    @Test("hints go where somebody is whom they are for, at the rates that the plan reckons with", arguments: BusRouting.allCases)
    func reachesEverybody(routing: BusRouting) {
        let simulation = simulation(routing)
        let result = simulation.run()
        #expect(result.missed == 0)
        #expect(result.copies > 0)
        for row in RoutingCheck(load: simulation.load, result: result, messages: simulation.messages).rows {
            #expect(abs(row.simulated / row.planned - 1) < 0.05, "\(row.name): \(row.planned) planned, \(row.simulated) simulated")
        }
        if routing == .targeted {
            // A message goes to two people or to one channel of 30, never to more instances than they are.
            #expect(result.copies <= Self.messages * 30)
        } else {
            #expect(result.copies == Self.messages * 1_000)
        }
    }

    @Test("the same seed makes the same cluster")
    func repeats() {
        let simulation = RoutingSimulation(
            instances: 50,
            usersEach: 10,
            workload: Workload(connections: 500),
            routing: .targeted,
            messages: 500
        )
        let (first, second) = (simulation.run(), simulation.run())
        #expect(first.heard == second.heard)
        #expect(first.slots == second.slots)
    }

    private static let messages = 10_000

    private func simulation(_ routing: BusRouting) -> RoutingSimulation {
        var workload = Workload(connections: 20_000)
        workload.contacts = 5
        return RoutingSimulation(instances: 1_000, usersEach: 20, workload: workload, routing: routing, messages: Self.messages)
    }
}
