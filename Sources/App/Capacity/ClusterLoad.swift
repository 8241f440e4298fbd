import Glibc
import Transport

/// How much of everything a workload needs in one cluster of so many instances, by what each thing costs.
///
/// People are spread evenly over the instances and each talks to anybody: no instance is nearer to another. `RoutingSimulation` checks the
/// rates by which it goes.
struct ClusterLoad: Sendable {
    let workload: Workload
    let instances: Double
    let routing: BusRouting

    /// Hints a second that Redis is given: a direct message with targeted routing one for each of the two.
    var publishes: Double {
        routing == .broadcast ? workload.messages : workload.direct * 2 + workload.inChannels
    }

    /// Changes of presence a second: one when somebody comes, one when somebody goes.
    var presenceEvents: Double { workload.connects * 2 }

    /// Copies of messages a second that Redis sends to subscribers.
    var messageCopies: Double {
        switch routing {
        case .broadcast: workload.messages * instances
        case .targeted: workload.direct * 2 + workload.inChannels * heard(by: workload.channelMembers)
        }
    }

    /// The same of changes of presence.
    var presenceCopies: Double {
        presenceEvents * (routing == .broadcast ? instances : heard(by: workload.contacts))
    }

    var copies: Double { messageCopies + presenceCopies }

    /// Hints a second at which an instance finds somebody to deliver to, who is not on the sender's.
    var deliveredHints: Double {
        let others = 1 - 1 / instances
        return (workload.direct * others + workload.inChannels * (heard(by: workload.channelMembers) - 1)) / instances
    }

    /// Hints a second that an instance hears, whether they are for somebody here or not.
    var heardHints: Double { copies / instances }

    /// Deliveries a second that an instance makes.
    var deliveries: Double {
        (workload.direct + workload.inChannels * (workload.channelMembers - 1)) / instances
    }

    /// Redis channels that all instances together are subscribed to.
    var subscriptions: Double {
        switch routing {
        case .broadcast: instances * 5
        case .targeted:
            // Two for each user where it is connected and one wherever a contact is, two for each channel wherever a member is.
            workload.connections * (2 + heard(by: workload.contacts)) + workload.channels * 2 * heard(by: workload.channelMembers)
                + instances * 5
        }
    }

    /// The expected number of instances on which at least one of so many people is.
    func heard(by people: Double) -> Double {
        instances * (1 - pow(1 - 1 / instances, people))
    }
}
