import Actors
import TestSupport
import Testing

@testable import Transport

@Suite("Reads that are asked for at once go to the store together")
struct ReadGroupsTests {
    @Test
    func `what comes while a group is under way goes together in the next one`() async throws {
        let groups = Recorder<[Int]>()
        let (gate, open) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let reads = ReadGroups<Int, Int>(concurrency: 1, groupLimit: 15, waitingLimit: 20) { requests throws(StoreError) in
            groups.append(requests)
            if groups.elements.count == 1 { for await _ in gate {} }
            return requests.map { $0 * 2 }
        }
        let answers = try await withThrowingTaskGroup(of: Int.self) { tasks in
            tasks.addTask { try await reads.ask(0) }
            _ = await groups.wait { $0.count == 1 }
            for number in 1...20 { tasks.addTask { try await reads.ask(number) } }
            while await reads.waitingCount < 20 { await Task.yield() }
            let failure = await #expect(throws: StoreError.self) { try await reads.ask(21) }
            #expect(failure?.code == .overloaded)
            open.finish()
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.sorted() == (0...20).map { 2 * $0 })
        #expect(groups.elements.map(\.count) == [1, 15, 5])
        #expect(groups.elements.flatMap(\.self).sorted() == Array(0...20))
    }

    /// A store that is away is away for all; what can't be read for one is asked for the others again.
    @Test(arguments: [StoreError.Code.other, .unavailable])
    func `one that can't be read is no matter of the others`(code: StoreError.Code) async throws {
        let groups = Recorder<[Int]>()
        let (gate, open) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let reads = ReadGroups<Int, Int>(concurrency: 1) { requests throws(StoreError) in
            groups.append(requests)
            if groups.elements.count == 1 { for await _ in gate {} }
            if requests.contains(3) { throw StoreError(code, "damaged") }
            return requests
        }
        let failed = await withTaskGroup(of: Int?.self) { tasks in
            tasks.addTask { (try? await reads.ask(0)) == nil ? 0 : nil }
            _ = await groups.wait { $0.count == 1 }
            for number in 1...4 { tasks.addTask { (try? await reads.ask(number)) == nil ? number : nil } }
            while await reads.waitingCount < 4 { await Task.yield() }
            open.finish()
            return await tasks.reduce(into: Set()) { if let number = $1 { $0.insert(number) } }
        }
        #expect(failed == (code == .other ? [3] : [1, 2, 3, 4]))
    }
}
