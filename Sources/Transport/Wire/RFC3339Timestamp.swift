package import Actors

/// A time as it stands in JSON: RFC 3339, in UTC.
package struct RFC3339Timestamp: Codable, Hashable, Sendable {
    package let value: Timestamp

    package init(_ value: Timestamp) {
        self.value = value
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time in UTC")
        }
        self.value = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.description)
    }
}
