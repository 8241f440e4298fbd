import Dispatch
import Glibc
import Synchronization

/// Takes log lines and writes them on a thread of its own: whoever logs never waits for a file or a terminal.
///
/// What waits is bounded in bytes. A line that finds no room is dropped and counted, and when there is room again a line says how many were.
final class LogSink: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "switchboard.log")
    private let limit: Int
    private let write: @Sendable ([UInt8]) -> Void
    private let droppedLine: @Sendable (Int) -> [UInt8]

    /// - Parameters:
    ///   - limit: bytes that may wait; the lines that are being written don't count.
    ///   - droppedLine: the line that says how many lines were dropped.
    ///   - write: writes all the bytes it is given, and may take its time.
    init(limit: Int = 4 << 20, droppedLine: @escaping @Sendable (Int) -> [UInt8], write: @escaping @Sendable ([UInt8]) -> Void) {
        self.limit = limit
        self.droppedLine = droppedLine
        self.write = write
    }

    /// Takes one whole line.
    func append(_ line: [UInt8]) {
        let mustStart = state.withLock { state in
            guard state.waiting.count + line.count <= limit else {
                state.dropped += 1
                return false
            }
            state.waiting.append(contentsOf: line)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Waits until everything that was taken before is written, but not longer than `timeout`. For a process that is about to end.
    func flush(timeout: Duration = .seconds(2)) {
        let isDone = DispatchSemaphore(value: 0)
        queue.async {
            self.drain()
            isDone.signal()
        }
        let (seconds, attoseconds) = timeout.components
        _ = isDone.wait(timeout: .now() + .seconds(Int(seconds)) + .nanoseconds(Int(attoseconds / 1_000_000_000)))
    }

    private func drain() {
        while let bytes = next() { write(bytes) }
    }

    private func next() -> [UInt8]? {
        state.withLock { state in
            var bytes: [UInt8] = []
            swap(&bytes, &state.waiting)
            if state.dropped > 0 {
                bytes.append(contentsOf: droppedLine(state.dropped))
                state.dropped = 0
            }
            state.isWriting = !bytes.isEmpty
            return bytes.isEmpty ? nil : bytes
        }
    }
}

extension LogSink {
    /// Writes all bytes to a file descriptor, waiting where it takes no more for now. Gives up where it is broken: there is nobody to tell.
    @Sendable
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0, errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if written == 0 || errno != EINTR {
                return
            }
        }
    }
}
