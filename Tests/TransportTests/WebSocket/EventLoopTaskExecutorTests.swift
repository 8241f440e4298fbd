import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Transport

@Suite("A task that prefers an event loop")
struct EventLoopTaskExecutorTests {
    private actor Counter {
        private var count = 0

        func add() -> Int {
            count += 1
            return count
        }
    }

    @Test
    func `stays on it, also on an actor that is free and after a continuation that another thread resumes`() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let counter = Counter()
        let task = Task(executorPreference: EventLoopTaskExecutor(eventLoop: loop)) {
            var places = [loop.inEventLoop]
            #expect(await counter.add() == 1)
            places.append(loop.inEventLoop)
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume() }
            }
            places.append(loop.inEventLoop)
            return places
        }
        #expect(await task.value == [true, true, true])
    }
}
