import NIOCore
import NIOPosix

@testable import App

/// What stands on the wire, as no client of HTTP shows it.
enum RawExchange {
    /// Writes `request` and returns everything that comes until the server closes.
    static func answer(to request: String, at base: String) async throws -> String {
        guard let port = base.split(separator: ":").last.flatMap({ Int($0) }) else { throw APIClient.Failure(description: "no port") }
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ByteBuffer()
            for try await part in inbound { answer.writeImmutableBuffer(part) }
            return String(buffer: answer)
        }
    }
}
