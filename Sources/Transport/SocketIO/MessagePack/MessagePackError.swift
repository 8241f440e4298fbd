/// Why bytes are not accepted as MessagePack. Holds nothing of the bytes.
package enum MessagePackError: String, Error, Hashable, Sendable, CaseIterable {
    /// They end inside a value.
    case truncated
    /// Something follows the value.
    case trailingBytes
    /// More bytes, or more values in one, than are accepted.
    case tooLarge
    /// Arrays and maps inside one another, more than are accepted.
    case tooDeep
    /// The byte that no value begins with.
    case reserved
    /// A map's name is something other than text.
    case nameIsNoText
    /// A timestamp's nanoseconds are a second or more.
    case invalidTimestamp
}
