import DequeModule
import Dispatch
import Glibc
import Synchronization

/// What is known of a child process, and who waits to know more.
package final class ProcessRecord: Sendable {
    package enum Stream: Sendable {
        case standardOutput
        case standardError
    }

    package enum Exit: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    struct State {
        fileprivate var streams: [Stream: Lines] = [.standardOutput: Lines(), .standardError: Lines()]
        fileprivate var status: Exit?
        fileprivate var waiters: [Int: Waiter] = [:]
        fileprivate var lastWaiter = 0

        func lines(of stream: Stream) -> Deque<String> {
            streams[stream]?.lines ?? []
        }

        /// Set only when all output has been read.
        var exit: Exit? {
            streams.values.allSatisfy(\.isClosed) ? status : nil
        }

        /// Takes out those that have what they waited for.
        fileprivate mutating func satisfied() -> [@Sendable () -> Void] {
            var found: [@Sendable () -> Void] = []
            for (id, waiter) in waiters {
                guard let resume = waiter.check(self) else { continue }
                found.append(resume)
                waiters[id] = nil
            }
            return found
        }
    }

    fileprivate struct Lines {
        static let limit = 50_000

        var lines: Deque<String> = []
        var rest: [UInt8] = []
        var isClosed = false

        mutating func append(_ bytes: ArraySlice<UInt8>) {
            rest.append(contentsOf: bytes)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeSubrange(...end)
            }
            if lines.count > Self.limit { lines.removeFirst(lines.count - Self.limit) }
        }

        mutating func close() {
            if !rest.isEmpty { lines.append(String(decoding: rest, as: UTF8.self)) }
            rest = []
            isClosed = true
        }
    }

    fileprivate struct Waiter {
        let check: @Sendable (State) -> (@Sendable () -> Void)?
        let fail: @Sendable (any Error) -> Void
    }

    private let program: String
    private let state = Mutex(State())

    init(program: String) {
        self.program = program
    }

    func lines(of stream: Stream) -> [String] {
        state.withLock { Array($0.lines(of: stream)) }
    }

    func append(_ bytes: ArraySlice<UInt8>, to stream: Stream) {
        change { $0.streams[stream]?.append(bytes) }
    }

    func close(_ stream: Stream) {
        change { $0.streams[stream]?.close() }
    }

    /// Takes the exit status of a process that has ended.
    func reap(_ processID: Int32) {
        change { state in
            var status: Int32 = 0
            waitpid(processID, &status, 0)
            let signal = status & 0x7F
            state.status = signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
        }
    }

    func signal(_ signal: Int32, to processID: Int32) {
        state.withLock { state in
            if state.status == nil { _ = kill(processID, signal) }
        }
    }

    /// Waits until `found` returns something; asked at each change.
    func wait<Value: Sendable>(
        for what: String,
        timeout: Duration,
        until found: @escaping @Sendable (State) -> Result<Value, ChildProcessError>?
    ) async throws -> Value {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
                let check: @Sendable (State) -> (@Sendable () -> Void)? = { [self] state in
                    switch found(state) {
                    case .success(let value): { continuation.resume(returning: value) }
                    case .failure(let error): { continuation.resume(throwing: self.explained(error)) }
                    case nil: nil
                    }
                }
                let waiter = Waiter(check: check) { continuation.resume(throwing: $0) }
                change { $0.waiters[id] = waiter }
                let milliseconds = Int(timeout / .milliseconds(1))
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
                    self?.fail(id, ChildProcessError("\(what) did not come within \(timeout)"))
                }
                if Task.isCancelled { fail(id, CancellationError()) }
            }
        } onCancel: {
            fail(id, CancellationError())
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let resumptions = state.withLock { state in
            body(&state)
            return state.satisfied()
        }
        for resume in resumptions {
            resume()
        }
    }

    private func fail(_ id: Int, _ error: any Error) {
        guard let waiter = state.withLock({ $0.waiters.removeValue(forKey: id) }) else { return }
        waiter.fail((error as? ChildProcessError).map { explained($0) } ?? error)
    }

    private func explained(_ error: ChildProcessError) -> any Error {
        let last = lines(of: .standardOutput).suffix(5) + lines(of: .standardError).suffix(30)
        return ChildProcessError("\(program): \(error.description)\n" + last.joined(separator: "\n"))
    }
}
