import Actors
import TestSupport
import Testing
import Transport

@Suite("A user whose keys move from one server to another is written once they have arrived", .timeLimit(.minutes(1)))
struct MovingKeysTests {
    private let time = ManualTime()
    private let one = ConnectionID(1)
    private let ada = PresentUser.sample("ada")
    private let bob = PresentUser.sample("bob")

    private func presence(_ executor: MovingKeys) throws -> RedisPresence {
        let bus = try BusFixture("redis://127.0.0.1:1", instance: "A")
        return RedisPresence(
            bus: bus.bus,
            executor: executor,
            layout: .single,
            identity: bus.identity,
            expiry: .seconds(1_000),
            time: time
        )
    }

    /// Moves the clock on, pause by pause.
    private func wait(for pauses: [Int]) async {
        for pause in pauses {
            await time.waitForSleepers(1)
            time.advance(by: .milliseconds(pause - 1))
            #expect(time.sleeping == 1)
            time.advance(by: .milliseconds(1))
        }
    }

    @Test("It is tried again, alone, after 20, 80 and 300 ms")
    func again() async throws {
        let executor = MovingKeys(of: bob, refusals: 3)
        let presence = try presence(executor)
        async let outcomes = presence.update([.online(ada, [one], status: .online), .online(bob, [one], status: .online)])
        await wait(for: [20, 80, 300])
        let turningPoints = try await outcomes.map { $0?.isTurningPoint }
        #expect(turningPoints == [true, true])
        #expect(executor.goes.elements == [2, 1, 1, 1])
    }

    @Test("Where they don't arrive it is an error, as any other is")
    func never() async throws {
        let executor = MovingKeys(of: bob, refusals: .max)
        let presence = try presence(executor)
        let update = Task { try await presence.update([.online(bob, [one], status: .online)]) }
        await wait(for: [20, 80, 300])
        await #expect(throws: PresenceError(.unavailable, "Redis answered TRYAGAIN")) { try await update.value }
        #expect(executor.goes.elements == [1, 1, 1, 1])
    }
}

/// A server of a cluster that refuses the scripts of one user a few times, and says of every other that the user has come.
private final class MovingKeys: RedisExecutor {
    /// How many commands came together, go by go.
    let goes = Recorder<Int>()
    private let user: String
    private let refusals: Locked<Int>

    init(of user: PresentUser, refusals: Int) {
        self.user = user.userID.description
        self.refusals = Locked(refusals)
    }

    func execute(_ commands: [RedisCommand], within limit: Duration) async throws(RedisError) -> [RedisReply] {
        goes.append(commands.count)
        return commands.map { command in
            let isMoving = command.arguments.contains(Array(user.utf8))
            return isMoving && refuses()
                ? .error("TRYAGAIN Multiple keys request during rehashing of slot")
                : .array([.integer(1), .bulk(Array("online".utf8)), .integer(1)])
        }
    }

    private func refuses() -> Bool {
        refusals.withLock { left in
            guard left > 0 else { return false }
            left -= 1
            return true
        }
    }
}
