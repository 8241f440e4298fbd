import CHiredis

/// Turns bytes of Redis into replies with hiredis' reader, which it owns.
///
/// hiredis limits nothing by itself, so that a few bytes could claim gigabytes: this reader refuses what is over its limits.
/// After an error it only repeats that error; the connection has to be closed. Not thread-safe.
package final class ReplyReader {
    /// The most that one reply may be.
    package struct Limits: Sendable {
        /// Bytes of one string.
        package var bulkBytes: Int
        /// Bytes of a reply as it is sent.
        package var replyBytes: Int
        /// Elements of all the arrays of one reply together.
        package var elements: Int
        /// Arrays inside one another.
        package var depth: Int

        package init(
            bulkBytes: Int = 64 * 1_048_576,
            replyBytes: Int = 128 * 1_048_576,
            elements: Int = 1_048_576,
            depth: Int = 7
        ) {
            self.bulkBytes = bulkBytes
            self.replyBytes = replyBytes
            self.elements = elements
            self.depth = depth
        }
    }

    private let limits: Limits
    private let budget: Budget
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let reader: UnsafeMutablePointer<redisReader>?
    private var replyBytes = 0
    private var failure: RedisError?

    package init(limits: Limits = Limits()) {
        self.limits = limits
        budget = Budget(limits)
        functions = .allocate(capacity: 1)
        functions.initialize(to: ReplyNode.functions)
        reader = redisReaderCreateWithFunctions(functions)
        reader?.pointee.privdata = Unmanaged.passUnretained(budget).toOpaque()
    }

    deinit {
        if let reader { redisReaderFree(reader) }
        functions.deinitialize(count: 1)
        functions.deallocate()
    }

    /// Takes in what has arrived.
    ///
    /// - Throws: `.protocolViolation`.
    package func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        if let failure { throw failure }
        guard let reader else { throw fail("there is no memory for a reader") }
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        replyBytes += bytes.count
        guard redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK else {
            throw fail("the reader has no memory for what arrived")
        }
    }

    /// The next whole reply; nil until more arrives. To be called until it answers nil.
    ///
    /// - Throws: `.protocolViolation`.
    package func next() throws(RedisError) -> RedisReply? {
        if let failure { throw failure }
        guard let reader else { throw fail("there is no memory for a reader") }
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &object) == REDIS_OK else {
            let isOverLimit = reader.pointee.err == REDIS_ERR_OOM
            throw fail(isOverLimit ? "a reply is over the limits" : "what arrived is not the Redis protocol")
        }
        guard let object else {
            try checkUnfinished(reader)
            return nil
        }
        let reply = Unmanaged<ReplyNode>.fromOpaque(object).takeRetainedValue().reply
        budget.reset()
        replyBytes = reader.pointee.len - reader.pointee.pos
        return reply
    }

    /// What waits in the reader is either a line without its end or a string after its length.
    private func checkUnfinished(_ reader: UnsafeMutablePointer<redisReader>) throws(RedisError) {
        guard replyBytes <= limits.replyBytes else { throw fail("a reply is over the limits") }
        let waiting = reader.pointee.len - reader.pointee.pos
        guard waiting > 0, let buffer = reader.pointee.buf else { return }
        let head = UnsafeRawBufferPointer(start: buffer + reader.pointee.pos, count: min(waiting, 32))
        if let end = head.firstIndex(of: UInt8(ascii: "\r")), end + 1 < head.count, head[end + 1] == UInt8(ascii: "\n") {
            let digits = String(decoding: head[..<end], as: UTF8.self)
            guard let length = Int(digits), length <= limits.bulkBytes else { throw fail("a string is over the limits") }
        } else if waiting > 65_536 {
            throw fail("a line is over the limits")
        }
    }

    private func fail(_ message: String) -> RedisError {
        let error = RedisError(.protocolViolation, message)
        failure = error
        return error
    }
}

@available(*, unavailable)
extension ReplyReader: Sendable {}

/// What the reply under way may still claim.
private final class Budget {
    let limits: ReplyReader.Limits
    private var elements: Int

    init(_ limits: ReplyReader.Limits) {
        self.limits = limits
        elements = limits.elements
    }

    func reset() {
        elements = limits.elements
    }

    func admits(elements count: Int, depth: Int) -> Bool {
        guard count >= 0, count <= elements, depth <= limits.depth else { return false }
        elements -= count
        return true
    }
}

/// A reply as hiredis builds it: the root belongs to the reader until it is handed out, each other node to its parent.
private final class ReplyNode {
    private let value: RedisReply
    private let isArray: Bool
    private var children: [ReplyNode] = []

    private init(_ value: RedisReply, isArray: Bool = false) {
        self.value = value
        self.isArray = isArray
    }

    var reply: RedisReply {
        isArray ? .array(children.map(\.reply)) : value
    }

    static var functions: redisReplyObjectFunctions {
        redisReplyObjectFunctions(
            createString: { task, start, length in
                guard let task else { return nil }
                let bytes = UnsafeRawBufferPointer(start: start, count: length)
                return switch task.pointee.type {
                case REDIS_REPLY_STATUS: ReplyNode.make(.status(String(decoding: bytes, as: UTF8.self)), for: task)
                case REDIS_REPLY_ERROR: ReplyNode.make(.error(String(decoding: bytes, as: UTF8.self)), for: task)
                default: ReplyNode.make(.bulk(Array(bytes)), for: task)
                }
            },
            createArray: { task, count in
                guard let task, ReplyNode.admits(Int(count), for: task) else { return nil }
                return ReplyNode.make(.null, isArray: true, for: task)
            },
            createInteger: { task, value in task.flatMap { ReplyNode.make(.integer(value), for: $0) } },
            createNil: { task in task.flatMap { ReplyNode.make(.null, for: $0) } },
            freeObject: { object in
                if let object { Unmanaged<ReplyNode>.fromOpaque(object).release() }
            }
        )
    }

    private static func make(
        _ value: RedisReply,
        isArray: Bool = false,
        for task: UnsafePointer<redisReadTask>
    ) -> UnsafeMutableRawPointer? {
        let node = ReplyNode(value, isArray: isArray)
        guard let parent = task.pointee.parent?.pointee.obj else { return Unmanaged.passRetained(node).toOpaque() }
        Unmanaged<ReplyNode>.fromOpaque(parent).takeUnretainedValue().children.append(node)
        return Unmanaged.passUnretained(node).toOpaque()
    }

    private static func admits(_ count: Int, for task: UnsafePointer<redisReadTask>) -> Bool {
        guard let budget = task.pointee.privdata else { return false }
        var depth = 1
        var parent = task.pointee.parent
        while let current = parent {
            depth += 1
            parent = current.pointee.parent
        }
        return Unmanaged<Budget>.fromOpaque(budget).takeUnretainedValue().admits(elements: count, depth: depth)
    }
}
