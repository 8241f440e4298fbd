import Testing
import Transport

@Suite("Losses are told once an interval")
struct LossReportTests {
    @Test func sumsUp() {
        var report = LossReport(interval: .seconds(5))
        #expect(report.add(0, at: .zero) == nil)
        #expect(report.add(2, at: .seconds(1)) == 2)
        #expect(report.add(3, at: .seconds(2)) == nil)
        #expect(report.add(4, at: .seconds(3)) == nil)
        #expect(report.add(1, at: .seconds(6)) == 8)
        #expect(report.add(5, at: .seconds(7)) == nil)
        #expect(report.remainder() == 5)
        #expect(report.remainder() == nil)
    }
}
