import ArgumentParser
import MicroSteps

/// What is counted.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Do one step so many times.")

    @Argument(help: "One of \(MicroStep.all.map(\.name).joined(separator: ", ")).")
    var step: String

    @Argument(help: "How many times.")
    var times: Int

    func run() throws {
        guard let step = MicroStep.all.first(where: { $0.name == step }) else { throw ValidationError("There is no step \(step).") }
        guard times > 0 else { throw ValidationError("Numbers must be greater than 0.") }
        try waiting { [times] in
            let prepared = try await step.prepare()
            try await prepared.run(times)
            await prepared.finish()
        }
    }
}
