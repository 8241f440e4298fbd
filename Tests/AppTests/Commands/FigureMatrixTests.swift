import Testing

@testable import App

@Suite("Figures stand side by side on a page")
struct FigureMatrixTests {
    @Test("A row a measure, a column a scenario; what only one has stands where it belongs, and what none shares in a table of its own")
    func matrix() {
        let figures = [
            Figure("idle 5", "memory", 6.5, "KiB", goal: .atMost(9)),
            Figure("idle 5", "accepted", 5_000, "/s"),
            Figure("idle 5 node-ws", "memory", 5.3, "KiB"),
            Figure("idle 5 node-ws", "memory", 70, "MiB"),
            Figure("idle 5 node-ws", "accepted", 4_000, "/s"),
            Figure("idle", "accepted, of node-ws", 1.25, "×"),
        ]
        #expect(
            FigureMatrix(figures, of: "idle").markdown == [
                "|  | 5 | 5 node-ws |  |",
                "| --- | ---: | ---: | --- |",
                "| memory | 6.50 (≤ 9.00 reached) | 5.30 | KiB |",
                "| memory |  | 70.0 | MiB |",
                "| accepted | 5000 | 4000 | /s |",
                "",
                "|  | idle |  |",
                "| --- | ---: | --- |",
                "| accepted, of node-ws | 1.25 | × |",
            ]
        )
    }

    @Test("Several runs of one measure share a cell")
    func runs() {
        var figure = Figure("start", "until it listens", 44, "ms", goal: .atMost(45))
        for value in [50.0, 46] { figure.add(Figure("start", "until it listens", value, "ms")) }
        #expect(
            FigureMatrix([figure], of: "start").markdown.last == "| until it listens | 44.0 / 46.0 / 50.0 (≤ 45.0 missed) | ms |"
        )
    }
}
