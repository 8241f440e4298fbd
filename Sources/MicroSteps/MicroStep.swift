/// One small step that happens for every message, alone and again and again.
package struct MicroStep: Sendable {
    /// A step that is ready to be done.
    package struct Prepared: Sendable {
        /// Does it so many times.
        package let run: @Sendable (Int) async throws -> Void
        /// Lets go of what was prepared.
        package let finish: @Sendable () async -> Void

        init(_ run: @escaping @Sendable (Int) async throws -> Void, finish: @escaping @Sendable () async -> Void = {}) {
            self.run = run
            self.finish = finish
        }
    }

    /// Lower-case words with hyphens.
    package let name: String
    package let measure: String
    /// Whether it is a step of the server, and not one to compare with.
    package let isOurs: Bool
    /// Makes what it needs, which is not measured.
    package let prepare: @Sendable () async throws -> Prepared

    init(_ name: String, _ measure: String, isOurs: Bool = true, prepare: @escaping @Sendable () async throws -> Prepared) {
        self.name = name
        self.measure = measure
        self.isOurs = isOurs
        self.prepare = prepare
    }

    package static let all: [MicroStep] = frames + bus + delivery + documents
}

/// Why a step could not be carried through: its result isn't what it should be.
package struct MicroStepFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
