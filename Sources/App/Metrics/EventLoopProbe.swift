import Metrics
import NIOCore
import ServiceLifecycle

/// Asks each event loop four times a second for a piece of work and measures how much later than asked for it is done.
struct EventLoopProbe: Service {
    private static let interval = TimeAmount.milliseconds(250)

    private let group: any EventLoopGroup
    private let lag: Metrics.Timer

    init(group: any EventLoopGroup, factory: any MetricsFactory = MetricsSystem.factory) {
        self.group = group
        lag = Timer(label: "switchboard_event_loop_lag_seconds", factory: factory)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { tasks in
                for loop in group.makeIterator() { tasks.addTask { await watch(loop) } }
            }
        }
    }

    private func watch(_ loop: any EventLoop) async {
        while !Task.isCancelled {
            let due = NIODeadline.now() + Self.interval
            let work = loop.scheduleTask(deadline: due) { NIODeadline.now() - due }
            // It fails only where the loop has ended, and the process with it.
            guard let late = try? await work.futureResult.get() else { return }
            lag.recordNanoseconds(max(0, late.nanoseconds))
        }
    }
}
