/// Makes UUIDv7 (RFC 9562, section 5.7) that ascend within this generator: the 12 bits after the time are a counter
/// (method 1 of section 6.2), and where it runs over the time goes ahead by a millisecond.
package final class UUIDv7Generator: IDGenerator {
    private struct State {
        var milliseconds: UInt64 = 0
        var counter: UInt64 = 0
        var random: any RandomNumberGenerator & Sendable
    }

    private let time: any TimeSource
    private let state: Locked<State>

    package init(time: any TimeSource, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.time = time
        state = Locked(State(random: random))
    }

    package func next<Entity>(_ type: Identifier<Entity>.Type) -> Identifier<Entity> {
        let now = UInt64(clamping: time.now().milliseconds)
        return state.withLock { state in
            if now > state.milliseconds {
                state.milliseconds = now
                state.counter = state.random.next() & 0x7FF
            } else if state.counter == 0xFFF {
                state.milliseconds += 1
                state.counter = 0
            } else {
                state.counter += 1
            }
            let version: UInt64 = 0x7000
            let variant: UInt64 = 0x8000_0000_0000_0000
            return Identifier(
                high: state.milliseconds << 16 | version | state.counter,
                low: variant | state.random.next() & 0x3FFF_FFFF_FFFF_FFFF
            )
        }
    }
}
