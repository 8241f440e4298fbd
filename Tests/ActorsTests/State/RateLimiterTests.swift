import Testing

@testable import Actors

@Suite("Senders are slowed down, and closed when they don't listen")
struct RateLimiterTests {
    @Test func admitsABurstThenTheRate() {
        var limiter = RateLimiter(rate: 20, now: .zero)
        for _ in 0..<40 { #expect(limiter.admit(at: .zero) == .admit) }
        #expect(limiter.admit(at: .zero) == .refuse(retryAfter: .milliseconds(50)))
        #expect(limiter.admit(at: .milliseconds(50)) == .admit)
        #expect(limiter.admit(at: .milliseconds(50)) != .admit)
    }

    @Test func closesAfterManyRefusals() {
        var limiter = RateLimiter(rate: 20, now: .zero)
        let verdicts = (0..<81).map { _ in limiter.admit(at: .zero) }
        #expect(verdicts.dropLast().allSatisfy { $0 != .close })
        #expect(verdicts.last == .close)
    }

    @Test func forgivesRefusalsOfLongAgo() {
        var limiter = RateLimiter(rate: 1, now: .zero)
        for second in 0..<100 {
            let now = Duration.seconds(second * 20)
            #expect(limiter.admit(at: now) == .admit)
            #expect(limiter.admit(at: now) == .admit)
            #expect(limiter.admit(at: now) == .refuse(retryAfter: .seconds(1)))
        }
    }

    @Test func zeroMeansNoLimit() {
        var limiter = RateLimiter(rate: 0, now: .zero)
        #expect((0..<10_000).allSatisfy { _ in limiter.admit(at: .zero) == .admit })
    }

    @Test func aWindowBeginsWithAnEvent() {
        var counter = WindowCounter(limit: 2, window: .seconds(60))
        #expect(counter.exceeds(at: .seconds(100)) == false)
        #expect(counter.exceeds(at: .seconds(159)) == false)
        #expect(counter.exceeds(at: .seconds(159)) == true)
        #expect(counter.exceeds(at: .seconds(160)) == false)
    }

    @Test func aSlidingWindowForgetsOneEventAfterTheOther() {
        var counter = SlidingCounter(limit: 2, window: .seconds(60))
        #expect(counter.exceeds(at: .seconds(100)) == false)
        #expect(counter.exceeds(at: .seconds(158)) == false)
        #expect(counter.exceeds(at: .seconds(159)) == true)
        #expect(counter.exceeds(at: .seconds(160)) == false)
        #expect(counter.exceeds(at: .seconds(217)) == true)
        #expect(counter.exceeds(at: .seconds(218)) == false)
    }
}

@Suite("Log-ins are throttled by failures in a sliding window")
struct FailureThrottleTests {
    @Test func refusesAfterTheLimitUntilTheOldestIsPast() {
        var throttle = FailureThrottle<String>(limit: 3, window: .seconds(300))
        for second in 0..<3 {
            #expect(throttle.delay(for: "ada", at: .seconds(second)) == nil)
            throttle.noteFailure(of: "ada", at: .seconds(second))
        }
        #expect(throttle.delay(for: "ada", at: .seconds(10)) == .seconds(290))
        #expect(throttle.delay(for: "bob", at: .seconds(10)) == nil)
        #expect(throttle.delay(for: "ada", at: .seconds(300)) == nil)
    }

    @Test func remembersABoundedNumberOfKeys() {
        var throttle = FailureThrottle<Int>(limit: 1, window: .seconds(300), capacity: 10)
        for key in 0..<100 { throttle.noteFailure(of: key, at: .seconds(key)) }
        #expect((0..<100).count { throttle.delay(for: $0, at: .seconds(100)) != nil } == 10)
        #expect(throttle.delay(for: 99, at: .seconds(100)) != nil)
    }
}
