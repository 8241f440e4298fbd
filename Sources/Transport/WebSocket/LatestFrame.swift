import Actors
import NIOCore

/// The frame of the event that was written last: most connections of a loop are written the same, one after the other.
///
/// A class, so that those who ask for it need no access to the whole, which would be checked at run time.
final class LatestFrame {
    private var event: SharedEvent?
    private var frame = ByteBuffer()
    /// When it was first asked for.
    private(set) var time = NIODeadline.now()

    /// - Parameter encode: makes the frame of an event that is not the last one.
    func of(_ event: SharedEvent, _ encode: (SharedEvent) -> ByteBuffer) -> ByteBuffer {
        if self.event === event { return frame }
        frame = encode(event)
        time = .now()
        self.event = event
        return frame
    }

    /// Holds the event no longer.
    func forget() {
        event = nil
        frame = ByteBuffer()
    }
}
