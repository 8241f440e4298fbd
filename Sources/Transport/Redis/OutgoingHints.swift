/// What goes out to Redis: the hints that wait, the link that they take, and whether somebody is writing them to it.
struct OutgoingHints<Hint> {
    /// Nil while Redis is away.
    private(set) var link: RedisLink?
    private var queue: PublishQueue<Hint>
    private var isDraining = false

    init(limit: Int) {
        queue = PublishQueue(limit: limit)
    }

    /// How many wait to be published, or for the answer to it.
    var count: Int { queue.count }

    var isEmpty: Bool { queue.isEmpty }

    /// Whether a hint that is worth nothing unless it comes at once had better not be offered.
    var isSlow: Bool { link == nil || queue.isHalfFull }

    /// Takes a hint in.
    ///
    /// - Returns: how many were dropped for it.
    mutating func offer(_ hint: Hint, bytes: Int) -> Int {
        queue.offer(hint, bytes: bytes)
    }

    /// The link to write to, on its event loop, hint by hint with `next`; nil where there is nothing to write or it is on its way.
    mutating func linkToDrain() -> RedisLink? {
        guard let link, !isDraining, queue.hasNext else { return nil }
        isDraining = true
        return link
    }

    /// The next hint to write over `link`; nil ends the draining.
    mutating func next(over link: RedisLink) -> (hint: Hint, ticket: PublishTicket)? {
        guard self.link === link else { return nil }
        if let next = queue.next() { return next }
        isDraining = false
        return nil
    }

    /// A hint that was written over `link` has its answer.
    ///
    /// - Returns: whether the last one is out, and what `linkToDrain` says then.
    mutating func complete(_ ticket: PublishTicket, over link: RedisLink) -> (isIdle: Bool, drainable: RedisLink?) {
        guard self.link === link else { return (false, nil) }
        queue.complete(ticket)
        return (queue.isEmpty, linkToDrain())
    }

    /// - Returns: what `linkToDrain` says then.
    mutating func connected(_ link: RedisLink) -> RedisLink? {
        self.link = link
        isDraining = false
        return linkToDrain()
    }

    /// What was written and not answered waits for the next link.
    mutating func disconnected() {
        link = nil
        isDraining = false
        queue.requeue()
    }

    mutating func removeAll() {
        queue.removeAll()
    }
}

extension OutgoingHints: Sendable where Hint: Sendable {}
