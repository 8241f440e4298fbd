import Actors
import TestSupport
import Testing

@Suite("Every store keeps how much has happened")
struct StoreActivityContract {
    private func minute(_ minute: Int64, _ instance: String, _ values: [ActivityFigure: Int]) -> ActivityMinute {
        var counts = ActivityCounts()
        for (figure, value) in values { counts[figure] = value }
        return ActivityMinute(instanceID: instance, minute: minute, counts: counts)
    }

    @Test(arguments: StoreKind.allCases)
    func `minutes of several instances go together in spans`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            try await one.record(minute(600, "A", [.users: 3, .connections: 4, .messages: 10, .later: 1]))
            try await other.record(minute(600, "B", [.users: 5, .connections: 2, .messages: 1, .oneConnection: 2]))
            try await other.record(minute(601, "A", [.users: 4, .connections: 7, .messages: 5, .later: 2]))
            try await one.record(minute(660, "A", [.users: 1]))
            let hours = try await one.activity(in: 540..<661, step: 60)
            #expect(hours.map(\.start) == [600, 660])
            let first = try #require(hours.first?.counts)
            #expect(first[.users] == 5)
            #expect(first[.connections] == 7)
            #expect(first[.messages] == 16)
            #expect(first[.oneConnection] == 2)
            #expect(first[.later] == 3)
            let minutes = try await other.activity(in: 600..<660, step: 1)
            #expect(minutes.map(\.start) == [600, 601])
            #expect(minutes.first?.counts[.connections] == 6)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a minute stored again takes the place of the first`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            try await one.record(minute(7, "A", [.messages: 3, .users: 9]))
            try await other.record(minute(7, "A", [.messages: 4]))
            let found = try await one.activity(in: 0..<100, step: 1)
            #expect(found.map { $0.counts[.messages] } == [4])
            #expect(found.map { $0.counts[.users] } == [0])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `what is stored of an instance's minute can be read alone`(kind: StoreKind) async throws {
        try await kind.withPair { one, other in
            let line = minute(7, "A", [.messages: 3, .users: 9, .later: 2])
            try await one.record(line)
            try await one.record(minute(7, "B", [.messages: 1]))
            try await one.record(minute(8, "A", [.messages: 5]))
            #expect(try await other.activity(of: "A", in: 7) == line.counts)
            #expect(try await other.activity(of: "A", in: 6) == nil)
            #expect(try await other.activity(of: "C", in: 7) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `old minutes go, others stay`(kind: StoreKind) async throws {
        try await kind.withStore { store in
            for number in Int64(1)...5 { try await store.record(minute(number, "A", [.messages: 1])) }
            try await store.forgetActivity(before: 4)
            #expect(try await store.activity(in: 0..<10, step: 1).map(\.start) == [4, 5])
            #expect(try await store.activity(in: 5..<5, step: 1).isEmpty)
        }
    }
}
