/// Why a message from the bus was not taken. The raw value is the reason in the log and in the metric.
package enum BusRejection: String, Error, CaseIterable, Sendable {
    case tooLarge = "too_large"
    case unsigned
    case badSignature = "bad_signature"
    case invalidJSON = "invalid_json"
    case unsupportedVersion = "unsupported_version"
    case unknownType = "unknown_type"
    /// The type doesn't belong on the channel that it came over.
    case wrongChannel = "wrong_channel"
    /// A field is missing or of another JSON type.
    case badShape = "bad_shape"
    /// A field's value is not allowed.
    case invalidField = "invalid_field"
    /// Two fields contradict each other.
    case inconsistent
}
