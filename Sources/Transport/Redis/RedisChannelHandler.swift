import NIOCore

/// One connection's end of the pipeline: encodes commands, decodes replies, and does what `RedisConnectionState` says.
///
/// Everything happens on the connection's event loop.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    typealias Completion = (Result<RedisReply, RedisError>) -> Void

    private final class Waiter {
        let complete: Completion
        var deadline: Scheduled<Void>?

        init(_ complete: @escaping Completion) {
            self.complete = complete
        }

        func finish(_ result: Result<RedisReply, RedisError>) {
            deadline?.cancel()
            complete(result)
        }
    }

    private let receive: @Sendable (ConnectionEvent) -> Void
    private let reader = ReplyReader()
    private var state = RedisConnectionState<Waiter>()
    private var context: ChannelHandlerContext?
    private var isFlushScheduled = false
    private var closedPromise: EventLoopPromise<RedisError>?

    /// Fulfilled with the reason when the connection has ended, however it ended; nil before the handler is in a pipeline.
    var closed: EventLoopFuture<RedisError>? {
        closedPromise?.futureResult
    }

    /// - Parameter receive: called on the event loop for all that a subscription brings.
    init(receive: @escaping @Sendable (ConnectionEvent) -> Void) {
        self.receive = receive
    }

    /// Writes a command; what is written in one turn of the loop shares a flush.
    ///
    /// - Parameters:
    ///   - limit: how long to wait for the answer; nil as long as the connection lives.
    ///   - completion: called once, on the event loop.
    func send(_ command: RedisCommand, within limit: TimeAmount?, completion: @escaping Completion) {
        let waiter = Waiter(completion)
        switch state.send(waiter) {
        case .refuse(let waiter, let error):
            waiter.finish(.failure(error))
        case .write(let id):
            guard let context else { return fail(.closed) }
            if let limit {
                waiter.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { [weak self] in self?.expire(id) }
            }
            write(command, context: context)
        }
    }

    /// Subscribes; complete when the last channel is confirmed.
    func subscribe(to channels: [String], _ kind: SubscriptionKind, completion: @escaping Completion) {
        if let (waiter, error) = state.subscribe(Waiter(completion), channels: channels.count) {
            return waiter.finish(.failure(error))
        }
        guard let context else { return fail(.closed) }
        write(.subscribe(channels, kind), context: context)
    }

    /// The connection is for sharded channels from now on.
    func listen() {
        state.listen()
    }

    /// Writes a change of the subscription. Nothing happens where the connection has ended.
    func change(_ command: RedisCommand) {
        guard state.admitsChanges, let context else { return }
        write(command, context: context)
    }

    /// Ends the connection: everybody who waits is told `error` at once, whatever the peer does.
    func fail(_ error: RedisError) {
        let waiters = state.close(error)
        closedPromise?.succeed(error)
        for waiter in waiters { waiter.finish(.failure(error)) }
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        closedPromise = context.eventLoop.makePromise()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.closed)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(RedisError(connecting: error))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        do throws(RedisError) {
            var thrown: RedisError?
            buffer.withUnsafeReadableBytes { bytes in
                do throws(RedisError) { try reader.feed(bytes) } catch { thrown = error }
            }
            if let thrown { throw thrown }
            while let reply = try reader.next() { act(on: reply) }
        } catch {
            fail(error)
        }
    }

    private func act(on reply: RedisReply) {
        switch state.receive(reply) {
        case .complete(let waiter, let reply): waiter.finish(.success(reply))
        case .push(let channel, let payload): receive(.message(channel: channel, payload: payload))
        case .changed(let channel): receive(.changed(channel: channel))
        case .shard(let reply): receive(.shard(reply))
        case .ignore: break
        case .close(let error): fail(error)
        }
    }

    private func expire(_ id: RedisConnectionState<Waiter>.CommandID) {
        state.expire(id)?.finish(.failure(RedisError(.timeout, "Redis did not answer in time")))
    }

    private func write(_ command: RedisCommand, context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: command.arguments.reduce(16) { $0 + $1.count + 16 })
        command.encode(into: &buffer)
        context.write(wrapOutboundOut(buffer), promise: nil)
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute { [weak self] in
            guard let self else { return }
            isFlushScheduled = false
            self.context?.flush()
        }
    }
}

@available(*, unavailable)
extension RedisChannelHandler: Sendable {}
