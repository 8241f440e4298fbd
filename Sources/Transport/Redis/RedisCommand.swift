package import NIOCore

/// A command with its arguments, as bytes.
package struct RedisCommand: Hashable, Sendable {
    package let arguments: [[UInt8]]

    package init(_ arguments: [[UInt8]]) {
        self.arguments = arguments
    }

    package init(_ name: String, _ arguments: String...) {
        self.arguments = [Array(name.utf8)] + arguments.map { Array($0.utf8) }
    }

    /// - Parameter isSharded: for those who subscribe to the sharded channel of that name.
    static func publish(_ payload: [UInt8], to channel: String, isSharded: Bool = false) -> Self {
        Self([Array((isSharded ? "SPUBLISH" : "PUBLISH").utf8), Array(channel.utf8), payload])
    }

    static func subscribe(_ channels: [String], _ kind: SubscriptionKind = .channels) -> Self {
        Self([Array(kind.subscribe.utf8)] + channels.map { Array($0.utf8) })
    }

    static func unsubscribe(_ channels: [String], _ kind: SubscriptionKind = .channels) -> Self {
        Self([Array(kind.unsubscribe.utf8)] + channels.map { Array($0.utf8) })
    }

    /// Writes the command as Redis reads it: an array of strings with their lengths before them.
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeString("*\(arguments.count)\r\n")
        for argument in arguments {
            buffer.writeString("$\(argument.count)\r\n")
            buffer.writeBytes(argument)
            buffer.writeStaticString("\r\n")
        }
    }
}
