import Actors

/// What the lists of users have to follow after changes of users' sockets, in their order.
struct ListChanges {
    /// Users with a socket on this instance.
    private(set) var present: Set<String> = []
    /// Users without a socket anywhere.
    private(set) var absent: Set<String> = []
    /// Users without a socket on this instance.
    private(set) var left: Set<String> = []

    /// - Parameter outcomes: one a change; nil for one that can't be written.
    init(_ changes: [PresenceChange], _ outcomes: [PresenceOutcome?]) {
        for (change, outcome) in zip(changes, outcomes) {
            let user = change.user.userID.description
            switch change {
            case .online:
                left.remove(user)
                guard outcome != nil else { continue }
                present.insert(user)
                absent.remove(user)
            case .offline(_, _, let isLastHere):
                if isLastHere {
                    left.insert(user)
                    present.remove(user)
                }
                if outcome?.isTurningPoint == true {
                    present.remove(user)
                    absent.insert(user)
                }
            case .status:
                break
            }
        }
    }
}
