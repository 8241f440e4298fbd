import Actors
import Testing

@Suite("Reactions are one emoji each, once a user, and bounded")
struct ReactionTests {
    private let ada = UserID(high: 1, low: 1)
    private let bob = UserID(high: 1, low: 2)

    @Test func addsAndRemoves() {
        var reactions = Reactions()
        #expect(reactions.add("👍", by: ada) == .changed)
        #expect(reactions.add("👍", by: ada) == .unchanged)
        #expect(reactions.add("👍", by: bob) == .changed)
        #expect(reactions.add("🎉", by: ada) == .changed)
        #expect(reactions.list.map(\.emoji) == ["👍", "🎉"])
        #expect(reactions.remove("👍", by: ada) == .changed)
        #expect(reactions.remove("👍", by: ada) == .unchanged)
        #expect(reactions.remove("👍", by: bob) == .changed)
        #expect(reactions.list == [Reaction(emoji: "🎉", userIDs: [ada])])
    }

    @Test func isBounded() {
        var reactions = Reactions()
        for index in 0..<Reactions.limit { #expect(reactions.add("👍", by: UserID(high: 2, low: UInt64(index))) == .changed) }
        #expect(reactions.add("👍", by: ada) == .full)
        #expect(reactions.add("🎉", by: ada) == .full)
        #expect(reactions.remove("👍", by: UserID(high: 2, low: 0)) == .changed)
        #expect(reactions.add("🎉", by: ada) == .changed)
    }

    @Test(arguments: ["👍", "👩‍👩‍👧‍👦", "🇩🇪", "❤️", "a", "é"])
    func isOneCluster(_ text: String) {
        #expect(Emoji.isAllowed(text))
    }

    @Test(arguments: ["", "👍👍", "ab", " ", "\n", "\u{0}", "\u{7f}", String(repeating: "👍", count: 250_000)])
    func isNothingElse(_ text: String) {
        #expect(!Emoji.isAllowed(text))
    }

    /// One cluster of any length.
    @Test func isNoHeapOfMarks() {
        #expect(!Emoji.isAllowed("a" + String(repeating: "\u{301}", count: 500_000)))
    }
}
