import Actors
import Testing

@Suite("What was told is remembered for as long as it is read again")
struct ToldChangesTests {
    /// - Returns: the changes that were told.
    private func round(_ told: inout ToldChanges<String>, _ changes: KeyValuePairs<String, Int64>, fails: Bool = false) -> [String] {
        told.beginRound()
        var news: [String] = []
        for (key, number) in changes where told.isNews(key, number) {
            told.note(key, number)
            news.append("\(key)\(number)")
        }
        if !fails { told.endRound() }
        return news
    }

    @Test func eachStateIsToldOnce() {
        var told = ToldChanges<String>()
        #expect(round(&told, ["a": 1, "b": 1]) == ["a1", "b1"])
        #expect(round(&told, ["a": 1, "b": 1]) == [])
        #expect(round(&told, ["a": 1, "b": 2]) == ["b2"])
        #expect(round(&told, ["b": 1, "a": 1, "b": 2]) == [])
    }

    @Test func whatARoundDoesNotComeUponIsForgotten() {
        var told = ToldChanges<String>()
        _ = round(&told, ["a": 1, "b": 1])
        #expect(round(&told, ["b": 1]) == [])
        #expect(told.count == 1)
        #expect(round(&told, [:]) == [])
        #expect(told.count == 0)
    }

    @Test func aRoundThatFailsForgetsNothing() {
        var told = ToldChanges<String>()
        _ = round(&told, ["a": 1, "b": 1])
        #expect(round(&told, ["a": 2], fails: true) == ["a2"])
        #expect(round(&told, ["c": 1], fails: true) == ["c1"])
        #expect(round(&told, ["a": 2, "b": 1, "c": 1]) == [])
    }

    @Test func whatIsNotTakenDownIsNewsAgain() {
        var told = ToldChanges<String>()
        told.beginRound()
        let isNews = told.isNews("a", 1)
        #expect(isNews)
        told.endRound()
        #expect(round(&told, ["a": 1]) == ["a1"])
    }

    @Test func pastTheLimitTheRestIsToldAgain() {
        var told = ToldChanges<String>(limit: 2)
        #expect(round(&told, ["a": 1, "b": 1, "c": 1]) == ["a1", "b1", "c1"])
        #expect(round(&told, ["a": 1, "b": 1, "c": 1]) == ["c1"])
        #expect(round(&told, ["a": 1, "b": 1, "c": 1], fails: true) == ["c1"])
        #expect(round(&told, ["b": 2, "d": 1, "e": 1], fails: true) == ["b2", "d1", "e1"])
        #expect(told.count <= 4)
    }
}
