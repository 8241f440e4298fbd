import Actors

/// A list that a double writes and a test reads; a test can wait for what it expects without sleeping.
package final class Recorder<Element: Sendable>: Sendable {
    private struct Waiter {
        let id: Int
        let isMet: @Sendable ([Element]) -> Bool
        let continuation: CheckedContinuation<[Element], Never>
    }

    private struct State {
        var elements: [Element] = []
        var waiters: [Waiter] = []
        var lastID = 0

        mutating func takeMetWaiters() -> [Waiter] {
            var met: [Waiter] = []
            waiters.removeAll { waiter in
                guard waiter.isMet(elements) else { return false }
                met.append(waiter)
                return true
            }
            return met
        }
    }

    private let state = Locked(State())

    package init() {}

    package var elements: [Element] {
        state.withLock { $0.elements }
    }

    package func append(_ element: Element) {
        let (elements, met) = state.withLock { state in
            state.elements.append(element)
            return (state.elements, state.takeMetWaiters())
        }
        for waiter in met { waiter.continuation.resume(returning: elements) }
    }

    /// Forgets what was recorded; who waits goes on waiting.
    package func removeAll() {
        state.withLock { $0.elements.removeAll() }
    }

    /// Returns what was recorded as soon as `isMet` is true of it, or the test's time is over.
    @discardableResult
    package func wait(until isMet: @escaping @Sendable ([Element]) -> Bool) async -> [Element] {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> [Element]? in
                    // Asked under the lock: a cancellation from here on finds the waiter.
                    if isMet(state.elements) || Task.isCancelled { return state.elements }
                    state.waiters.append(Waiter(id: id, isMet: isMet, continuation: continuation))
                    return nil
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func giveUp(_ id: Int) {
        let (waiter, elements) = state.withLock { state -> (Waiter?, [Element]) in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return (nil, []) }
            return (state.waiters.remove(at: index), state.elements)
        }
        waiter?.continuation.resume(returning: elements)
    }

    /// Returns what was recorded as soon as there are `count` elements.
    @discardableResult
    package func wait(count: Int) async -> [Element] {
        await wait { $0.count >= count }
    }
}
