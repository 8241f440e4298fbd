import Actors
import Testing

@Suite("Times are read and written as RFC 3339 in UTC")
struct TimestampTextTests {
    @Test(
        "what is written can be read",
        arguments: [0, 1, 999, 1_767_873_600_123, 951_782_400_000, 4_102_444_799_999, -1, -86_400_000, -2_203_891_200_001] as [Int64]
    )
    func roundTrip(milliseconds: Int64) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(Timestamp(time.description) == time)
    }

    @Test("fractions are cut to milliseconds")
    func fractions() {
        #expect(Timestamp("1970-01-01T00:00:00Z")?.milliseconds == 0)
        #expect(Timestamp("1970-01-01T00:00:00.5Z")?.milliseconds == 500)
        #expect(Timestamp("1970-01-01T00:00:00.123999Z")?.milliseconds == 123)
    }

    @Test(
        "what is refused",
        arguments: [
            "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+00:00", "1970-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-00T00:00:00Z", "x970-01-01T00:00:00Z",
            "1970-01-01T00:00:00ZZ", "1970-01-01 00:00:00Z",
        ]
    )
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
