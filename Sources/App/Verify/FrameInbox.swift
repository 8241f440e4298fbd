import Synchronization

/// The frames that a connection has received, and who waits for one.
final class FrameInbox: Sendable {
    private struct Waiter {
        let isMet: @Sendable (JSONValue) -> Bool
        let continuation: CheckedContinuation<JSONValue, any Error>
    }

    private struct State {
        var frames: [JSONValue] = []
        var waiters: [Int: Waiter] = [:]
        var lastWaiter = 0
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    var frames: [JSONValue] { state.withLock { $0.frames } }

    func add(_ frame: JSONValue) {
        let met = state.withLock { state in
            state.frames.append(frame)
            let met = state.waiters.filter { $0.value.isMet(frame) }
            for id in met.keys { state.waiters[id] = nil }
            return met.values.map(\.continuation)
        }
        for continuation in met { continuation.resume(returning: frame) }
    }

    /// The first frame that satisfies the condition, one that is here already included.
    func first(where isMet: @escaping @Sendable (JSONValue) -> Bool) async throws -> JSONValue {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enter(Waiter(isMet: isMet, continuation: continuation), id: id)
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func enter(_ waiter: Waiter, id: Int) {
        let known = state.withLock { state -> Result<JSONValue, any Error>? in
            if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
            if let frame = state.frames.first(where: waiter.isMet) { return .success(frame) }
            state.waiters[id] = waiter
            return nil
        }
        if let known { waiter.continuation.resume(with: known) }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            if let waiter = state.waiters.removeValue(forKey: id) { return waiter }
            state.cancelled.insert(id)
            return nil
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}
