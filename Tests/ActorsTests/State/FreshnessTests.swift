import Actors
import Testing

@Suite("An instance that may have missed a ban stops, and one that reaches nobody closes")
struct FreshnessTests {
    @Test func countsFromWhenTheReadBegan() {
        var freshness = Freshness(now: .zero)
        #expect(!freshness.isStale(at: .seconds(4)))
        #expect(freshness.isStale(at: .milliseconds(4_001)))
        freshness.note(readBegan: .seconds(10))
        #expect(!freshness.isStale(at: .seconds(14)))
        #expect(freshness.isStale(at: .milliseconds(14_001)))
    }

    @Test func aSlowReadCannotTakeAwayWhatALaterOneFound() {
        var freshness = Freshness(now: .zero)
        freshness.note(readBegan: .seconds(10))
        freshness.note(readBegan: .seconds(2))
        #expect(!freshness.isStale(at: .seconds(14)))
    }

    @Test func closesOnlyWithBothAway() {
        let freshness = Freshness(now: .zero)
        #expect(!freshness.isCutOff(at: .seconds(16), bus: .connected))
        #expect(freshness.isCutOff(at: .seconds(16), bus: .reconnecting))
        #expect(freshness.isCutOff(at: .seconds(16), bus: .disabled))
        #expect(!freshness.isCutOff(at: .seconds(15), bus: .reconnecting))
    }
}
