import Actors
import Dispatch
import TestSupport
import Testing

@testable import Transport

@Suite("The commit queue is bounded, waits for a lock so long and no longer, and goes on after it")
struct WriteQueueTests {
    private let fixture = Fixture()

    private func withStores(
        busyTimeout: Duration = .seconds(5),
        _ body: (SQLiteStore, SQLiteStore) async throws -> Void
    ) async throws {
        try await StoreDirectory.with { directory in
            let path = directory.path("store.db")
            let one = try await SQLiteStore.open(path: path, busyTimeout: busyTimeout)
            let other = try await SQLiteStore.open(path: path, busyTimeout: busyTimeout)
            try await body(one, other)
            await one.close()
            await other.close()
        }
    }

    /// Holds the file's write lock through `store` while `body` runs.
    private func holdingLock(of store: SQLiteStore, _ body: () async throws -> Void) async throws {
        let started = Recorder<Bool>()
        let release = DispatchSemaphore(value: 0)
        async let held: Void = store.commits.submit { _, _ in
            started.append(true)
            release.wait()
        }
        await started.wait(count: 1)
        do {
            try await body()
        } catch {
            release.signal()
            try await held
            throw error
        }
        release.signal()
        try await held
    }

    @Test
    func `a write waits while another process holds the lock`() async throws {
        try await withStores { one, other in
            let alice = fixture.user()
            let created = Recorder<Bool>()
            try await withThrowingTaskGroup { group in
                try await holdingLock(of: one) {
                    group.addTask {
                        try await other.createUser(alice, passwordHash: "hash")
                        created.append(true)
                    }
                    let found = try await other.user(alice.userID)
                    #expect(found == nil)
                    #expect(created.elements.isEmpty)
                }
                try await group.waitForAll()
            }
            #expect(try await one.user(alice.userID) == alice)
        }
    }

    @Test
    func `a lock held for too long is unavailable to all that wait, and nothing was written`() async throws {
        try await withStores(busyTimeout: .milliseconds(50)) { one, other in
            let users = (0..<5).map { _ in fixture.user() }
            try await holdingLock(of: one) {
                let codes = await withTaskGroup(of: StoreError.Code?.self) { group in
                    for user in users {
                        group.addTask {
                            do throws(StoreError) {
                                try await other.createUser(user, passwordHash: "hash")
                                return nil
                            } catch {
                                return error.code
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(codes == Array(repeating: .unavailable, count: 5))
            }
            #expect(try await one.users(prefix: "", after: nil, limit: 10).isEmpty)
            try await other.createUser(users[0], passwordHash: "hash")
            #expect(try await one.user(users[0].userID) == users[0])
        }
    }

    @Test
    func `past its limit the queue refuses at once, and what it took is done`() async throws {
        try await withStores { one, _ in
            let done = Recorder<Bool>()
            try await withThrowingTaskGroup(of: Bool.self) { group in
                try await holdingLock(of: one) {
                    // Two of these together are over the limit: whichever comes first is taken, the other refused.
                    let refused = Recorder<StoreError.Code>()
                    for _ in 0..<2 {
                        group.addTask {
                            do throws(StoreError) {
                                try await one.commits.submit(weight: WriteQueue.waitingLimit / 2 + 1) { _, _ in done.append(true) }
                                return true
                            } catch {
                                refused.append(error.code)
                                return false
                            }
                        }
                    }
                    #expect(await refused.wait(count: 1) == [.overloaded])
                    #expect(done.elements.isEmpty)
                }
                let outcomes = try await group.reduce(into: []) { $0.append($1) }
                #expect(outcomes.count { $0 } == 1)
            }
            #expect(done.elements == [true])
        }
    }

    @Test
    func `a job that fails is undone alone and the rest of its transaction stays`() async throws {
        try await withStores { one, other in
            let users = (0..<6).map { _ in fixture.user() }
            try await withThrowingTaskGroup { group in
                try await holdingLock(of: one) {
                    for user in users { group.addTask { try await one.createUser(user, passwordHash: "hash") } }
                    group.addTask {
                        let failure = await #expect(throws: StoreError.self) {
                            try await one.commits.submit { _, stamps in
                                _ = stamps.next()
                                throw StoreError(.other, "refused")
                            }
                        }
                        #expect(failure?.detail == "refused")
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await other.users(prefix: "", after: nil, limit: 10).count == 6)
        }
    }
}
