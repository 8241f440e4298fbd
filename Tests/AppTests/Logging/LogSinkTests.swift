import Dispatch
import Synchronization
import Testing

@testable import App

@Suite("Log lines wait for a slow reader only up to a limit")
struct LogSinkTests {
    /// Where lines go, held up until it is told to go on.
    private final class Target: Sendable {
        let written = Mutex<[UInt8]>([])
        let started = DispatchSemaphore(value: 0)
        let mayGoOn = DispatchSemaphore(value: 0)

        func write(_ bytes: [UInt8]) {
            started.signal()
            mayGoOn.wait()
            written.withLock { $0.append(contentsOf: bytes) }
        }

        var text: String {
            String(decoding: written.withLock { $0 }, as: UTF8.self)
        }
    }

    private func sink(limit: Int, _ target: Target) -> LogSink {
        LogSink(limit: limit) {
            Array("dropped \($0)\n".utf8)
        } write: {
            target.write($0)
        }
    }

    @Test("What finds no room is dropped, and a line says how many")
    func bound() {
        let target = Target()
        let sink = sink(limit: 6, target)
        sink.append(Array("first\n".utf8))
        target.started.wait()
        for line in ["aa\n", "bb\n", "cc\n", "dd\n"] {
            sink.append(Array(line.utf8))
        }
        for _ in 0..<2 { target.mayGoOn.signal() }
        sink.flush()
        #expect(target.text == "first\naa\nbb\ndropped 2\n")
        sink.append(Array("ee\n".utf8))
        target.mayGoOn.signal()
        sink.flush()
        #expect(target.text.hasSuffix("dropped 2\nee\n"))
    }

    @Test("A flush waits no longer than it is told to")
    func flushGivesUp() {
        let target = Target()
        let sink = sink(limit: 100, target)
        sink.append(Array("stuck\n".utf8))
        sink.flush(timeout: .milliseconds(10))
        #expect(target.text.isEmpty)
        target.mayGoOn.signal()
        sink.flush()
        #expect(target.text == "stuck\n")
    }

    @Test("Lines of many threads are all written, each whole")
    func manyThreads() {
        let target = Mutex<[UInt8]>([])
        let sink = LogSink { _ in
            []
        } write: { bytes in
            target.withLock { $0.append(contentsOf: bytes) }
        }
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<1_000 {
                sink.append(Array("\(thread) \(number)\n".utf8))
            }
        }
        sink.flush()
        let lines = String(decoding: target.withLock { $0 }, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 8_000)
        #expect(Set(lines).count == 8_000)
        for thread in 0..<8 {
            #expect(lines.filter { $0.hasPrefix("\(thread) ") } == (0..<1_000).map { "\(thread) \($0)" })
        }
    }
}
