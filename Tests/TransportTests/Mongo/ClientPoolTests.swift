import Actors
import Dispatch
import TestSupport
import Testing

@testable import Transport

@Suite("What waits for a MongoDB client is bounded, can be cancelled, and ends with the pool")
struct ClientPoolTests {
    private func pool(waitingLimit: Int) async throws -> ClientPool {
        try await ClientPool.open(uri: "mongodb://127.0.0.1:1/x", options: .init(size: 1, waitingLimit: waitingLimit))
    }

    /// Occupies the pool's one thread until `gate` is signalled; returns when it does.
    private func occupy(_ pool: ClientPool, until gate: DispatchSemaphore) async -> Task<Void, any Error> {
        let (started, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let task = Task {
            try await pool.withClient { _ in
                signal.finish()
                gate.wait()
            }
        }
        for await _ in started {}
        return task
    }

    @Test
    func `past the limit an operation is refused at once`() async throws {
        let pool = try await pool(waitingLimit: 2)
        let gate = DispatchSemaphore(value: 0)
        let occupant = await occupy(pool, until: gate)
        let ends = Recorder<MongoFailure.Kind?>()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    do throws(MongoFailure) {
                        try await pool.withClient { _ in }
                        ends.append(nil)
                    } catch {
                        ends.append(error.kind)
                    }
                }
            }
            group.addTask {
                _ = await ends.wait { $0.count == 8 }
                gate.signal()
            }
        }
        try await occupant.value
        #expect(ends.elements.prefix(8).allSatisfy { $0 == .overloaded })
        #expect(ends.elements.suffix(2) == [nil, nil])
        await pool.close()
    }

    @Test
    func `who is cancelled while it waits is not begun`() async throws {
        let pool = try await pool(waitingLimit: 2)
        let gate = DispatchSemaphore(value: 0)
        let occupant = await occupy(pool, until: gate)
        let ran = Recorder<Bool>()
        let waiting = Task { try await pool.withClient { _ in ran.append(true) } }
        waiting.cancel()
        gate.signal()
        let failure = await #expect(throws: MongoFailure.self) { try await waiting.value }
        #expect(failure?.kind == .unreachable)
        try await occupant.value
        await pool.close()
        #expect(ran.elements.isEmpty)
    }

    @Test
    func `a closed pool finishes what runs and refuses the rest`() async throws {
        let pool = try await pool(waitingLimit: 2)
        let gate = DispatchSemaphore(value: 0)
        let occupant = await occupy(pool, until: gate)
        let closing = Task { await pool.close() }
        gate.signal()
        await closing.value
        try await occupant.value
        await pool.close()
        let failure = await #expect(throws: MongoFailure.self) { try await pool.withClient { _ in } }
        #expect(failure?.kind == .unreachable)
    }

    @Test(arguments: ["mongodb://user:hunter2@:x/", "hunter2", "mongodb://"])
    func `a string that is no address is refused without a word of it`(uri: String) async {
        let failure = await #expect(throws: StoreError.self) { try await MongoStore.open(uri: uri) }
        #expect(failure?.code == .other)
        #expect(failure?.detail.contains("hunter2") == false)
    }

    @Test
    func `a server that isn't there is unavailable, soon, and its address is all that is told`() async {
        let start = ContinuousClock.now
        let failure = await #expect(throws: StoreError.self) {
            try await MongoStore.open(uri: "mongodb://user:hunter2@127.0.0.1:1/x?serverSelectionTimeoutMS=200")
        }
        #expect(failure?.code == .unavailable)
        #expect(failure?.detail.contains("hunter2") == false)
        #expect(ContinuousClock.now - start < .seconds(8))
    }
}
