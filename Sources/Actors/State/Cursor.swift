/// How far a conversation has been delivered: the number below which everything was, and what came ahead of its turn.
///
/// Whoever holds it delivers what it returns, in that order, and reads from the store what it says is missing. Each number comes out once.
package struct Cursor<Element> {
    /// What becomes of an element that came.
    package enum Arrival {
        /// It is the next one.
        case deliver
        /// It was delivered before.
        case drop
        /// It is ahead of its turn, or the cursor doesn't know where it stands: begin a fill.
        case fill
        /// As `fill`, while one is under way already.
        case wait
    }

    /// What a fill has to ask the store for next.
    package enum Question: Hashable {
        /// Where the cursor begins.
        case position
        /// The messages above this number.
        case messages(after: Int64)
    }

    /// The highest number that was delivered, and all below it; nil until it is known where to begin.
    package private(set) var position: Int64?
    /// The highest number that is known to exist.
    private var target: Int64 = 0
    private var ahead: [Int64: Element] = [:]
    private var isFilling = false
    private let aheadLimit: Int

    /// - Parameters:
    ///   - position: nil where it has to be asked for.
    ///   - aheadLimit: elements that are kept until their turn; what is past it is read from the store again.
    package init(position: Int64? = nil, aheadLimit: Int = 256) {
        self.position = position
        self.aheadLimit = aheadLimit
    }

    /// Judges the element numbered `seq`.
    package mutating func receive(_ element: Element, seq: Int64) -> Arrival {
        if let position {
            if seq <= position { return .drop }
            if seq == position + 1, ahead.isEmpty {
                self.position = seq
                target = max(target, seq)
                return .deliver
            }
        }
        target = max(target, seq)
        if ahead.count < aheadLimit { ahead[seq] = element }
        guard !isFilling else { return .wait }
        isFilling = true
        return .fill
    }

    /// The element numbered `seq` is known to exist, without having come.
    ///
    /// - Returns: whether to begin a fill.
    package mutating func expect(_ seq: Int64) -> Bool {
        if let position, seq <= position { return false }
        target = max(target, seq)
        guard !isFilling else { return false }
        isFilling = true
        return true
    }

    /// The store has said where the cursor begins.
    ///
    /// - Returns: what has its turn now.
    package mutating func locate(at position: Int64) -> [Element] {
        guard self.position == nil else { return [] }
        self.position = position
        ahead = ahead.filter { $0.key > position }
        return takeInTurn()
    }

    /// The store has brought messages, ascending.
    ///
    /// - Returns: what has its turn now, each as it came ahead or else as the store has it.
    package mutating func fill(_ elements: [(seq: Int64, element: Element)]) -> [Element] {
        var inTurn: [Element] = []
        for (seq, element) in elements {
            guard let position, seq == position + 1 else { continue }
            self.position = seq
            target = max(target, seq)
            inTurn.append(ahead.removeValue(forKey: seq) ?? element)
        }
        return inTurn + takeInTurn()
    }

    /// What the fill has to ask for next; nil when nothing is missing: then the fill is over.
    package mutating func nextQuestion() -> Question? {
        guard let position else { return .position }
        guard position >= target else { return .messages(after: position) }
        isFilling = false
        return nil
    }

    private mutating func takeInTurn() -> [Element] {
        var inTurn: [Element] = []
        while let next = position.map({ $0 + 1 }), let element = ahead.removeValue(forKey: next) {
            position = next
            inTurn.append(element)
        }
        return inTurn
    }
}
