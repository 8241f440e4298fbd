import Actors
import NIOCore
import Testing

@testable import Transport

@Suite("Frames of one turn become one piece, which connections that are written the same share")
struct FrameRunTests {
    private let frames = ["one", "two", "three"].map { ByteBuffer(string: $0) }

    private func run(_ frames: [ByteBuffer], from empty: FrameRun) -> FrameRun {
        frames.reduce(empty) { $0.appending($1) }
    }

    @Test func oneFrameIsWrittenAsItIs() {
        #expect(FrameRun().bytes.readableBytes == 0)
        #expect(run([frames[0]], from: FrameRun()).bytes == frames[0])
    }

    @Test func framesStandInTheirOrder() {
        #expect(String(buffer: run(frames, from: FrameRun()).bytes) == "onetwothree")
        #expect(run(frames, from: FrameRun()).count == 3)
    }

    @Test func theSameFramesMakeTheSameRun() {
        let empty = FrameRun()
        let first = run(frames, from: empty)
        #expect(run(frames, from: empty) === first)
    }

    @Test func othersHaveARunOfTheirOwn() {
        let empty = FrameRun()
        let first = run(frames, from: empty)
        let second = run([frames[0], frames[2]], from: empty)
        #expect(String(buffer: second.bytes) == "onethree")
        #expect(String(buffer: first.bytes) == "onetwothree")
        #expect(String(buffer: run(frames, from: empty).bytes) == "onetwothree")
    }

    @Test func equalBytesElsewhereAreNotTheSameFrame() {
        let empty = FrameRun()
        let first = run([ByteBuffer(string: "one"), frames[1]], from: empty)
        let second = run([ByteBuffer(string: "one"), frames[1]], from: empty)
        #expect(first !== second)
        #expect(first.bytes == second.bytes)
    }

    @Test func anEventIsEncodedAgainWhereAnotherCameBetween() {
        let latest = LatestFrame()
        var count = 0
        func frame(of event: SharedEvent) -> ByteBuffer {
            latest.of(event) { _ in
                count += 1
                return ByteBuffer(integer: count)
            }
        }
        let (one, two) = (SharedEvent(.clusterStatus(isDegraded: true)), SharedEvent(.clusterStatus(isDegraded: false)))
        #expect(frame(of: one) == frame(of: one))
        #expect(count == 1)
        #expect(frame(of: two) == ByteBuffer(integer: 2))
        latest.forget()
        #expect(frame(of: two) == ByteBuffer(integer: 3))
    }
}
