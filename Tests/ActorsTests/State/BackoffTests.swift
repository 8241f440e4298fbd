import Actors
import Testing

@Suite("Reconnects are spread by full jitter")
struct BackoffTests {
    @Test func staysBelowADoublingCeiling() {
        var generator = SystemRandomNumberGenerator()
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(5))
        for ceiling in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            #expect((1...ceiling).contains(Int(backoff.next(using: &generator).milliseconds)))
        }
    }

    @Test func drawsFromTheWholeRangeAndStartsAnew() {
        var generator = Constant(value: .max)
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(5))
        #expect(backoff.next(using: &generator) == .milliseconds(100))
        #expect(backoff.next(using: &generator) == .milliseconds(200))
        backoff.reset()
        #expect(backoff.next(using: &generator) == .milliseconds(100))
    }

    @Test func restsWhateverIsDrawn() {
        var generator = Constant(value: 1)
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(5))
        #expect(backoff.next(using: &generator) == .milliseconds(1))
        #expect(backoff.next(using: &generator) == .milliseconds(1))
    }

    private struct Constant: RandomNumberGenerator {
        let value: UInt64

        mutating func next() -> UInt64 { value }
    }
}
