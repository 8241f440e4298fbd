import Testing

@testable import App

@Suite("The faults of a chaos run follow from its seed")
struct FaultScheduleTests {
    private func schedule(_ seed: UInt64, _ database: BenchDatabase.Kind = .sqlite, minutes: Int = 10) -> FaultSchedule {
        FaultSchedule(seed: seed, length: .seconds(60 * minutes), database: database, instances: 3)
    }

    @Test("The same seed gives the same faults, another one others")
    func seeds() {
        #expect(schedule(1).lines == schedule(1).lines)
        #expect(schedule(1).lines != schedule(2).lines)
    }

    @Test("Ten minutes bring every kind that the database allows, and every kick", arguments: [BenchDatabase.Kind.sqlite, .mongodb])
    func kinds(database: BenchDatabase.Kind) {
        let faults = schedule(7, database).faults
        #expect(Set(faults.map(\.kind)) == Set(FaultKind.allCases.filter { $0.isPossible(on: database) }))
        #expect(Set(faults.map(\.kick)) == Set(KickRecord.Action.allCases))
        #expect(faults.allSatisfy { $0.kickAt >= $0.at && $0.kickAt <= $0.at + $0.duration })
    }
}
