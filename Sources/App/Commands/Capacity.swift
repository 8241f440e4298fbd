import ArgumentParser
import FoundationEssentials
import Transport

/// Says how large a cluster has to be, by what was measured.
struct Capacity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say how many instances, how much Redis and how large a store a number of people need.",
        discussion: """
            It reckons with what switchboard bench costs --json FILE has measured on a machine like the ones that are meant; what people do \
            and what may be used is set by the options. --simulate checks the routing that it reckons with: it places people on \
            1,000 instances and counts where Redis sends what they say, by the program's own topics and names.
            """
    )

    @Option(help: "The figures of switchboard bench costs --json FILE.")
    var costs: String

    @Option(help: "People who are connected at the busiest time; may be given more than once.")
    var connections = CapacityReport.usual

    @Option(help: "Who hears what between the instances: broadcast, targeted.")
    var routing = BusRouting.targeted

    @Option(help: "Messages that each sends a minute.")
    var messagesAMinute = Workload().messagesAMinute

    @Option(help: "The share of messages that go to one person, the others to a channel.")
    var directShare = Workload().directShare

    @Option(help: "Members of a channel who are connected.")
    var channelMembers = Workload().channelMembers

    @Option(help: "Connected people whom each is told the presence of.")
    var contacts = Workload().contacts

    @Option(help: "Cores of an instance.")
    var cores = InstanceSize().cores

    @Option(help: "Memory of an instance, in GiB.")
    var memory = InstanceSize().memory / 1_073_741_824

    @Option(help: "The share of processor time that is used at the busiest time.")
    var share = InstanceSize().share

    @Flag(help: "Check the routing by a simulation of 1,000 instances.")
    var simulate = false

    @Option(help: "People on each of the simulated instances.")
    var simulatedUsers = 100

    func validate() throws {
        guard (connections + [channelMembers, contacts, cores, memory, messagesAMinute, Double(simulatedUsers)]).allSatisfy({ $0 > 0 })
        else {
            throw ValidationError("Numbers must be greater than 0.")
        }
        guard (0...1).contains(directShare) else { throw ValidationError("--direct-share must be from 0 to 1.") }
        guard share > 0, share <= 1 else { throw ValidationError("--share must be above 0 and at most 1.") }
    }

    func run() throws {
        guard let json = FileManager.default.contents(atPath: costs) else { throw ExitError(.failure, "\(costs) can't be read") }
        let report = CapacityReport(costs: try Costs(json: json), size: size, workload: workload)
        var tables = [report.costTable, report.plans(connections, routing), report.limits(routing)]
        if simulate { tables.append(report.check(usersEach: simulatedUsers, routing)) }
        print(tables.map { $0.joined(separator: "\n") }.joined(separator: "\n\n"))
    }

    private var workload: Workload {
        var workload = Workload()
        workload.messagesAMinute = messagesAMinute
        workload.directShare = directShare
        workload.channelMembers = channelMembers
        workload.contacts = contacts
        return workload
    }

    private var size: InstanceSize {
        var size = InstanceSize()
        size.cores = cores
        size.memory = memory * 1_073_741_824
        size.share = share
        return size
    }
}
