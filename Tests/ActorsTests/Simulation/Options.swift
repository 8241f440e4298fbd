/// What the simulation is asked to do.
struct Options {
    struct Wrong: Error {
        let text: String
    }

    var first: UInt64 = 1
    var seeds: UInt64 = 300
    var mutation: Mutation?
    /// Prints everything that happened, also where nothing is broken.
    var printsHistory = false
    var shrinks = true

    init(_ arguments: some Sequence<String>) throws(Wrong) {
        var rest = Array(arguments)[...]
        while let name = rest.popFirst() {
            switch name {
            case "--first": first = try Self.number(name, &rest)
            case "--seeds": seeds = try Self.number(name, &rest)
            case "--seed":
                first = try Self.number(name, &rest)
                seeds = 1
            case "--mutation":
                guard let mutation = rest.popFirst().flatMap(Mutation.init) else {
                    throw Wrong(text: "--mutation: one of \(Mutation.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                self.mutation = mutation
            case "--history": printsHistory = true
            case "--no-shrink": shrinks = false
            default:
                throw Wrong(
                    text: "usage: switchboard-simulate [--first N] [--seeds N] [--seed N] [--mutation NAME] [--history] [--no-shrink]"
                )
            }
        }
    }

    private static func number(_ name: String, _ rest: inout ArraySlice<String>) throws(Wrong) -> UInt64 {
        guard let value = rest.popFirst().flatMap({ UInt64($0) }) else { throw Wrong(text: "\(name): a whole number") }
        return value
    }
}
