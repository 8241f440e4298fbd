/// The rules for what a message says.
package enum MessageContent {
    /// The most that a message may hold, in Unicode scalars.
    package static let maxLength = 4_000

    /// Whether `content` is what a message may say.
    package static func isAllowed(_ content: String) -> Bool {
        refusal(of: content) == nil
    }

    /// Why `content` may not be a message's; nil where it may.
    package static func refusal(of content: String) -> RequestError? {
        if content.isEmpty {
            return RequestError(.badRequest, "content must be a string of 1 to \(maxLength) characters.")
        }
        // As many bytes can't hold more scalars, so that only what may be too long is counted.
        if content.utf8.count > maxLength, content.unicodeScalars.count > maxLength {
            return RequestError(.contentTooLong, "content may have up to \(maxLength) characters.")
        }
        // C libraries and the tools around a store end a text at NUL.
        if content.utf8.contains(0) {
            return RequestError(.badRequest, "content must not hold the character U+0000.")
        }
        return nil
    }
}
