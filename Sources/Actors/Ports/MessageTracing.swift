/// Hears of the steps that a message takes, for distributed traces.
package protocol MessageTracing: Sendable {
    /// A step begins.
    ///
    /// - Parameters:
    ///   - parent: the step that led to it, maybe on another instance.
    ///   - count: how many messages it is about.
    /// - Returns: the step, to be ended; nil where nobody listens.
    func begin(_ step: TraceStep, under parent: TraceParent?, messages count: Int) -> (any TraceSpan)?
}

/// What is done with a message.
package enum TraceStep: String, Hashable, Sendable, CaseIterable {
    /// From a client's command to its answer.
    case send
    /// A group of messages of one conversation goes to the store.
    case append
    /// Messages are written to the connections of this instance.
    case deliver
    /// A message is told to the other instances.
    case publish
    /// A message of another instance is taken in.
    case receive
}

/// A step that has begun.
package protocol TraceSpan: Sendable {
    /// What later steps name as theirs; nil where the tracer has no such form.
    var asParent: TraceParent? { get }

    /// - Parameter failure: a code, where the step failed.
    func end(failure: String?)
}

extension TraceSpan {
    func end() { end(failure: nil) }
}

/// A step in the form in which it travels: a `traceparent` (https://www.w3.org/TR/trace-context/#traceparent-header).
package struct TraceParent: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Nil for what is not `version-traceid-spanid-flags` in lower-case hexadecimal, with ids that aren't all zero.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isHexadecimal = parts.allSatisfy { part in
            part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
        }
        guard parts.map(\.count) == [2, 32, 16, 2], isHexadecimal, !parts[0].elementsEqual("ff".utf8) else { return nil }
        guard parts[1...2].allSatisfy({ $0.contains { $0 != UInt8(ascii: "0") } }) else { return nil }
        description = text
    }
}

/// Where nobody traces: it costs a call that answers nil.
package struct NoTracing: MessageTracing {
    package init() {}

    package func begin(_ step: TraceStep, under parent: TraceParent?, messages count: Int) -> (any TraceSpan)? { nil }
}
