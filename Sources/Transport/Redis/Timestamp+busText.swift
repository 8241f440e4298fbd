import Actors

extension Timestamp {
    /// Reads the one form in which times travel between instances, `2026-01-08T12:00:00.000Z`; nil for anything else.
    ///
    /// A date becomes days by Howard Hinnant's `days_from_civil` (https://howardhinnant.github.io/date_algorithms.html).
    init?(busText text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 24 else { return nil }
        let marks: [(Int, Unicode.Scalar)] = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")]
        guard marks.allSatisfy({ bytes[$0] == UInt8(ascii: $1) }) else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19), let millisecond = number(20..<23),
            hour < 24, minute < 60, second < 60, (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        self.init(milliseconds: (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + millisecond)
        // February 30 and its like come out as another date.
        guard description == text else { return nil }
    }
}
