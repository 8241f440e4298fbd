import TestSupport
import Testing

/// Has the tests of suites wait for each other, but for a few: each has servers of its own, and all of them at once need more of a machine
/// than their time limits, and those of what they test, allow for.
struct FewAtOnce: SuiteTrait, TestTrait, TestScoping {
    private static let turns = Turns(6)

    var isRecursive: Bool { true }

    /// Around a test with all of its cases: within a case its time limit would be running already.
    func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? {
        test.isSuite || testCase != nil ? nil : self
    }

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await Self.turns.take { try await function() }
    }
}

extension Trait where Self == FewAtOnce {
    static var fewAtOnce: Self { FewAtOnce() }
}
