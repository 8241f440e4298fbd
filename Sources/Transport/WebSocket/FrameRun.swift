import NIOCore

/// Frames that go to a socket in one piece.
///
/// Connections that are written the same in one turn of their loop share a run, so that the piece is made once for all of them.
final class FrameRun {
    /// All its frames, one after the other.
    let bytes: ByteBuffer
    let count: Int
    private let last: ByteBuffer
    /// The run that was last made of this one.
    private var next: FrameRun?

    /// A run to begin with, without a frame.
    convenience init() {
        self.init(bytes: ByteBuffer(), count: 0, last: ByteBuffer())
    }

    private init(bytes: ByteBuffer, count: Int, last: ByteBuffer) {
        self.bytes = bytes
        self.count = count
        self.last = last
    }

    /// This run with one frame more.
    func appending(_ frame: ByteBuffer) -> FrameRun {
        if let next, next.last.isSame(as: frame) { return next }
        let run = FrameRun(bytes: count == 0 ? frame : bytes.joined(with: frame), count: count + 1, last: frame)
        next = run
        return run
    }
}

extension ByteBuffer {
    /// Whether both are the same bytes in memory.
    fileprivate func isSame(as other: ByteBuffer) -> Bool {
        withUnsafeReadableBytes { bytes in
            other.withUnsafeReadableBytes { bytes.baseAddress == $0.baseAddress && bytes.count == $0.count }
        }
    }

    fileprivate func joined(with other: ByteBuffer) -> ByteBuffer {
        var joined = ByteBuffer()
        joined.reserveCapacity(readableBytes + other.readableBytes)
        joined.writeImmutableBuffer(self)
        joined.writeImmutableBuffer(other)
        return joined
    }
}
