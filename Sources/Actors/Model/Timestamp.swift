/// A moment in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.milliseconds < rhs.milliseconds
    }

    package func advanced(by duration: Duration) -> Self {
        Self(milliseconds: milliseconds + duration.milliseconds)
    }

    package static func - (lhs: Self, rhs: Self) -> Duration {
        .milliseconds(lhs.milliseconds - rhs.milliseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-01-08T12:00:00.000Z`.
    ///
    /// Days become a date by Howard Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html).
    package var description: String {
        let dayMilliseconds: Int64 = 86_400_000
        let days = milliseconds.floorDivided(by: dayMilliseconds)
        let rest = milliseconds - days * dayMilliseconds
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return String(unsafeUninitializedCapacity: 24) { buffer in
            var writer = DigitWriter(buffer: buffer)
            writer.write(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), digits: 4, then: "-")
            writer.write(month, digits: 2, then: "-")
            writer.write(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, digits: 2, then: "T")
            writer.write(rest / 3_600_000, digits: 2, then: ":")
            writer.write(rest / 60_000 % 60, digits: 2, then: ":")
            writer.write(rest / 1_000 % 60, digits: 2, then: ".")
            writer.write(rest % 1_000, digits: 3, then: "Z")
            return writer.count
        }
    }
}

private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    mutating func write(_ value: Int64, digits: Int, then mark: Unicode.Scalar) {
        var rest = value
        for offset in stride(from: digits - 1, through: 0, by: -1) {
            buffer[count + offset] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        buffer[count + digits] = UInt8(ascii: mark)
        count += digits + 1
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

extension Duration {
    /// The whole milliseconds in this duration, rounded towards zero.
    package var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
