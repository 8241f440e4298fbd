package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOSSL

/// A listening socket's child channels: `/ws` becomes WebSocket, everything else is HTTP for hummingbird's responder.
///
/// Made in an `HTTPServerBuilder`: `HTTPServerBuilder { SwitchboardChannel(responder: $0, loops: loops, services: services) }`.
package struct SwitchboardChannel: ServerChildChannel, HTTPChannelHandler {
    package typealias Value = AcceptedConnection

    package let responder: HTTPChannelHandler.Responder
    private let loops: SessionLoops
    private let services: WebSocketServices

    /// - Parameters:
    ///   - responder: answers what is not `/ws`.
    ///   - loops: of the event loop group that the server accepts on.
    ///   - services: the rest of the instance.
    package init(responder: @escaping HTTPChannelHandler.Responder, loops: SessionLoops, services: WebSocketServices) {
        self.responder = responder
        self.loops = loops
        self.services = services
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: services.limits.receiveBufferBytes)
            )
            let pipeline = channel.pipeline.syncOperations
            let outcome = channel.eventLoop.makePromise(of: AcceptedConnection.Outcome.self)
            guard services.admission.admit(socket: channel) else {
                UpgradeMetrics.shared.refusedSocket()
                try pipeline.addHandler(SocketRefuser())
                outcome.succeed(.closed)
                return AcceptedConnection(channel: channel, outcome: outcome.futureResult)
            }
            if let tls = services.tls {
                try pipeline.addHandler(NIOSSLServerHandler(context: tls.current))
            }
            let codec = UpgradeGate.Codec(
                encoder: HTTPResponseEncoder(),
                decoder: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
            )
            let gate = UpgradeGate(
                services: services,
                loops: loops,
                loop: loops.loop(for: channel.eventLoop),
                codec: codec,
                logger: logger,
                outcome: outcome
            )
            try pipeline.addHandler(codec.encoder)
            try pipeline.addHandler(codec.decoder)
            try pipeline.addHandler(gate)
            return AcceptedConnection(channel: channel, outcome: outcome.futureResult)
        }
    }

    package func handle(value: AcceptedConnection, logger: Logger) async {
        let outcome = await withTaskCancellationHandler {
            try? await value.outcome.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
        guard case .http(let channel) = outcome else { return }
        await handleHTTP(asyncChannel: channel, logger: logger)
    }
}
