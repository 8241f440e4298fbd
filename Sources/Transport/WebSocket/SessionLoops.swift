package import Actors
package import NIOCore
import Synchronization

/// The event loops that hold connections, each with its executor. Lives as long as the process.
package final class SessionLoops: Sendable {
    private let loops: [ObjectIdentifier: SessionLoop]
    private let lastConnectionID = Atomic<UInt64>(0)

    /// - Parameter group: every loop that a connection may be accepted on.
    package init(group: any EventLoopGroup) {
        var loops: [ObjectIdentifier: SessionLoop] = [:]
        for eventLoop in group.makeIterator() {
            loops[ObjectIdentifier(eventLoop)] = SessionLoop(eventLoop: eventLoop)
        }
        self.loops = loops
    }

    /// The executors of all loops.
    package var executors: [EventLoopExecutor] { loops.values.map(\.executor) }

    /// Bytes that wait for clients: for all together, and for the one with the most.
    package var outbound: (sum: Int, most: Int) {
        loops.values.reduce(into: (sum: 0, most: 0)) { total, loop in
            let outbound = loop.outbound
            total = (total.sum + outbound.sum, max(total.most, outbound.most))
        }
    }

    /// An id for a new connection; one sequence for every transport of the process.
    package func nextConnectionID() -> ConnectionID {
        ConnectionID(lastConnectionID.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    func loop(for eventLoop: any EventLoop) -> SessionLoop {
        guard let loop = loops[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a connection came on an event loop of another group")
        }
        return loop
    }
}
