package import Actors

/// How many bytes may wait for one client.
package struct OutboundLimit: Hashable, Sendable {
    package let bytes: Int

    package init(bytes: Int = 1_024 * 1_024) {
        self.bytes = bytes
    }

    /// Whether so much waits that what isn't essential is left out.
    package func isPressed(by waiting: Int) -> Bool {
        waiting > bytes / 2
    }

    /// Whether a frame of `count` bytes may join `waiting` bytes.
    ///
    /// - Parameter isEssential: false for what is left out past half of the limit.
    package func admission(of count: Int, behind waiting: Int, isEssential: Bool) -> OutboundAdmission {
        let total = waiting + count
        // One alone is taken whatever its size: nobody was slow to read it.
        if total > bytes, waiting > 0 { return .overflow }
        if !isEssential, isPressed(by: total) { return .skipped }
        return .accepted
    }
}
