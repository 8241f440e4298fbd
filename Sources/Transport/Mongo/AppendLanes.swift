import Actors
import DequeModule

/// One append to a conversation at a time from this process, in the order of their calls: its own appends don't race each other for numbers.
actor AppendLanes {
    /// What the last append to a conversation leaves to the next.
    struct Memory: Sendable {
        /// The number after the last one that this process stored; nil where it isn't known.
        var nextSeq: Int64?
        /// The highest id of a draft that this process was given.
        var highestID: MessageID?
        /// Whether the memberships of a direct conversation's people are known to be there.
        var hasMembers = false
    }

    private struct Lane {
        var isBusy = false
        var memory = Memory()
        var waiting: Deque<CheckedContinuation<Memory, Never>> = []
    }

    private let waitingLimit: Int
    /// Conversations that nobody writes to are remembered up to so many; what is forgotten costs a read.
    private let idleLimit: Int
    private var lanes: [ConversationID: Lane] = [:]
    private var waitingCount = 0

    init(waitingLimit: Int = 4_096, idleLimit: Int = 16_384) {
        self.waitingLimit = waitingLimit
        self.idleLimit = idleLimit
    }

    /// Waits for the conversation's turn; `leave` must follow.
    func enter(_ conversation: ConversationID) async throws(StoreError) -> Memory {
        guard lanes[conversation, default: Lane()].isBusy else {
            lanes[conversation, default: Lane()].isBusy = true
            return lanes[conversation]?.memory ?? Memory()
        }
        guard waitingCount < waitingLimit else { throw StoreError(.overloaded, "\(waitingCount) appends wait already") }
        waitingCount += 1
        return await withCheckedContinuation { lanes[conversation, default: Lane()].waiting.append($0) }
    }

    func leave(_ conversation: ConversationID, _ memory: Memory) {
        guard var lane = lanes[conversation] else { return }
        lane.memory = memory
        let next = lane.waiting.popFirst()
        lane.isBusy = next != nil
        lanes[conversation] = lane
        if let next {
            waitingCount -= 1
            next.resume(returning: memory)
        } else if lanes.count > idleLimit {
            lanes = lanes.filter(\.value.isBusy)
        }
    }
}
