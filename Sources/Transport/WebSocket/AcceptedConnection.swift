import HummingbirdCore
package import NIOCore
package import NIOHTTPTypes

/// A connection that was accepted a moment ago, and what will become of it.
package struct AcceptedConnection: ServerChildChannelValue {
    /// What a connection's first request made of it.
    package enum Outcome: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        /// Its session lives on the event loop from here on.
        case webSocket
        /// Refused or gone.
        case closed
    }

    package let channel: any Channel
    let outcome: EventLoopFuture<Outcome>
}
