extension Timestamp {
    /// Reads RFC 3339 in UTC, `2026-01-08T12:00:00.000Z`, with or without a fraction of a second; nil for anything else, other
    /// offsets and dates that don't exist included.
    ///
    /// Digits past the milliseconds are cut off. The date becomes days by Howard Hinnant's `days_from_civil`
    /// (https://howardhinnant.github.io/date_algorithms.html).
    package init?(_ text: some StringProtocol) {
        var scanner = DigitScanner(bytes: Array(text.utf8))
        guard
            let year = scanner.number(digits: 4, then: "-"),
            let month = scanner.number(digits: 2, then: "-"), (1...12).contains(month),
            let day = scanner.number(digits: 2, then: "T"), (1...Self.days(inMonth: month, of: year)).contains(day),
            let hour = scanner.number(digits: 2, then: ":"), hour < 24,
            let minute = scanner.number(digits: 2, then: ":"), minute < 60,
            let second = scanner.number(digits: 2, then: nil), second < 60,
            let fraction = scanner.milliseconds(),
            scanner.isAtEnd(after: "Z")
        else { return nil }
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = (yearFromMarch >= 0 ? yearFromMarch : yearFromMarch - 399) / 400
        let yearOfEra = yearFromMarch - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        self.init(milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + fraction)
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

private struct DigitScanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func number(digits: Int, then mark: Unicode.Scalar?) -> Int64? {
        guard position + digits + (mark == nil ? 0 : 1) <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[position..<position + digits] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        position += digits
        if let mark {
            guard bytes[position] == UInt8(ascii: mark) else { return nil }
            position += 1
        }
        return value
    }

    /// The optional fraction of a second; nil where a point has no digits after it.
    mutating func milliseconds() -> Int64? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: ".") else { return 0 }
        position += 1
        var value: Int64 = 0
        var count = 0
        while let digit = number(digits: 1, then: nil) {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<max(count, 3) { value *= 10 }
        return value
    }

    func isAtEnd(after mark: Unicode.Scalar) -> Bool {
        position == bytes.count - 1 && bytes[position] == UInt8(ascii: mark)
    }
}
