import Testing

@testable import App

@Suite("Randomness is fetched for many numbers at once")
struct SystemRandomTests {
    @Test func noNumberComesTwice() {
        var random = SystemRandom()
        var copy = random
        let numbers = (0..<1_000).map { _ in random.next() }
        #expect(Set(numbers).count == numbers.count)
        #expect(!numbers.contains(copy.next()))
    }
}
