import Actors
import Logging
import TestSupport
import Testing

@testable import Transport

@Suite("A store's sign of life is awaited for three seconds", .timeLimit(.minutes(1)))
struct StoreLivenessTests {
    private let store = InMemoryStore()
    private let time = ManualTime()

    private var questions: Int { store.calls.elements.count { $0 == .ping } }

    @Test
    func `whoever asks a store that hangs has an answer then, and all of them ask once`() async {
        let liveness = StoreLiveness(store: store, time: time)
        await store.hold(.ping)
        for round in 1...3 {
            let codes = await withTaskGroup(of: StoreError.Code?.self) { group in
                for _ in 1...5 { group.addTask { await code(of: liveness.ask()) } }
                await store.calls.wait(count: 1)
                await time.waitForSleepers(5)
                time.advance(by: StoreLiveness.patience)
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes == Array(repeating: .timeout, count: 5), "\(round)")
            #expect(questions == 1)
        }
        await store.release(.ping)
        #expect(await code(of: liveness.ask()) == nil)
        await store.failNext(.ping, StoreError(.unavailable, "gone"))
        #expect(await code(of: liveness.ask()) == .unavailable)
    }

    @Test
    func `who is cancelled waits no longer`() async {
        let liveness = StoreLiveness(store: store, time: time)
        await store.hold(.ping)
        let asking = Task { await code(of: liveness.ask()) }
        await store.calls.wait(count: 1)
        asking.cancel()
        #expect(await asking.value == .timeout)
        await store.release(.ping)
    }

    @Test
    func `the monitor says in time that the store hangs, and at its answer that it is back`() async throws {
        let lines = Recorder<RecordedLine>()
        let monitor = StoreMonitor(store: store, time: time, logger: Logger(label: "Store") { _ in RecordingLogHandler(lines) })
        await store.hold(.ping)
        let running = Task { try await monitor.run() }
        await store.calls.wait(count: 1)
        await time.waitForSleepers(1)
        time.advance(by: .seconds(3))
        let lost = await lines.wait(count: 1)
        #expect(lost.first?.event == "store_unavailable" && lost.first?.metadata["code"] == "timeout")
        #expect(!monitor.status.isAvailable)
        // It asks again, and waits for the answer to the one question.
        await time.waitForSleepers(1)
        time.advance(by: .seconds(1))
        await time.waitForSleepers(1)
        #expect(questions == 1)
        await store.release(.ping)
        let restored = await lines.wait(count: 2)
        #expect(restored.last?.event == "store_restored" && restored.last?.metadata["downMs"] == "4000")
        #expect(monitor.status.isAvailable)
        running.cancel()
        try await running.value
    }
}

/// Nil for a sign of life.
private func code(of answer: StoreLiveness.Answer) -> StoreError.Code? {
    switch answer {
    case .success: nil
    case .failure(let error): error.code
    }
}
