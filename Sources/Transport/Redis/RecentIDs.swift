package import Actors
import DequeModule

/// The ids of the latest events, so that one that comes over two channels is taken once.
package struct RecentIDs {
    private let limit: Int
    private var order: Deque<BusEventID> = []
    private var known: Set<BusEventID> = []

    /// - Parameter limit: how many are kept; the oldest go first.
    package init(limit: Int = 2_048) {
        self.limit = limit
    }

    /// Takes an id in; false where it is known.
    package mutating func insert(_ id: BusEventID) -> Bool {
        guard known.insert(id).inserted else { return false }
        order.append(id)
        if order.count > limit, let oldest = order.popFirst() { known.remove(oldest) }
        return true
    }
}
