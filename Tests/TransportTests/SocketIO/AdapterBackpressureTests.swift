import Actors
import LocalCluster
import TestSupport
import Testing
import Transport

@Suite("What Node.js instances emit waits for their clients' executors within a limit", .fewAtOnce, .serialized, .timeLimit(.minutes(2)))
struct AdapterBackpressureTests {
    private func broadcast(_ name: MessagePackValue) -> [UInt8] {
        MessagePackEncoder.encode(["V-mkZK", ["type": 2, "data": [name], "nsp": "/"], ["rooms": [], "except": [], "flags": [:]]])
    }

    private func dropped(_ fixture: AdapterFixture) -> Int64 {
        fixture.counters.values["switchboard_socketio_adapter_receive_dropped_total", default: 0]
    }

    @Test("While an executor is held, no more than the limit waits for it; the rest is dropped and counted")
    func held() async throws {
        let server = try await RedisServer.start()
        let fixture = try AdapterFixture(server, .classic, instance: "A") { $0.incomingLimit = 100 }
        let executor = HeldExecutor()
        let client = fixture.client("ada", on: executor)
        try await fixture.running {
            let peer = try await RedisPeer.connect(server)
            for _ in 0..<10_000 { try await peer.publish(broadcast("x"), to: "socket.io#/#") }
            await fixture.line("receive_dropped")
            while dropped(fixture) != 9_900 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(client.packets.elements.isEmpty)
            executor.release()
            #expect(await client.packets.wait(count: 100).count == 100)
            try await peer.publish(broadcast("last"), to: "socket.io#/#")
            await client.packets.wait(count: 101)
            #expect(client.events.last == #"42["last"]"#)
            #expect(dropped(fixture) == 9_900)
        }
        await server.stop()
    }

    @Test("An executor that is gone holds up nobody")
    func gone() async throws {
        let server = try await RedisServer.start()
        let fixture = try AdapterFixture(server, .classic, instance: "A") { $0.incomingLimit = 5 }
        _ = fixture.client("gone", on: GoneExecutor())
        let client = fixture.client("ada")
        try await fixture.running {
            let peer = try await RedisPeer.connect(server)
            for number in 1...20 {
                try await peer.publish(broadcast("x"), to: "socket.io#/#")
                await client.packets.wait(count: number)
            }
            #expect(dropped(fixture) == 0)
        }
        await server.stop()
    }
}

/// Keeps what it is given until it is released.
private final class HeldExecutor: SessionExecutor {
    private let executor = TestExecutor()
    private let held = Locked<[@Sendable () -> Void]?>([])

    func enqueue(_ job: consuming ExecutorJob) {
        executor.enqueue(job)
    }

    func execute(_ work: @escaping @Sendable () -> Void) {
        let isHeld = held.withLock { held in
            held?.append(work)
            return held != nil
        }
        if !isHeld { executor.execute(work) }
    }

    func release() {
        let works = held.withLock { held in
            defer { held = nil }
            return held ?? []
        }
        for work in works { executor.execute(work) }
    }
}

/// Drops what it is given, as an event loop does that was shut down.
private final class GoneExecutor: SessionExecutor {
    func enqueue(_ job: consuming ExecutorJob) {}

    func execute(_ work: @escaping @Sendable () -> Void) {}
}
