package import Actors
package import Tracing

/// Gives the steps of messages to a tracer of swift-distributed-tracing.
package struct DistributedTracing: MessageTracing {
    private static let field = "traceparent"

    private let tracer: any Tracer

    /// - Parameter tracer: reads and writes W3C's `traceparent` in `extract` and `inject`.
    package init(tracer: any Tracer) {
        self.tracer = tracer
    }

    /// The tracer that `InstrumentationSystem` was given; nothing is traced where it was given none.
    package static var bootstrapped: any MessageTracing {
        let tracer = InstrumentationSystem.tracer
        return tracer is NoOpTracer ? NoTracing() : DistributedTracing(tracer: tracer)
    }

    package func begin(_ step: TraceStep, under parent: TraceParent?, messages count: Int) -> (any TraceSpan)? {
        var context = InstrumentationContext.topLevel
        if let parent { tracer.extract([Self.field: parent.description], into: &context, using: Fields()) }
        let span: any Span = tracer.startAnySpan("switchboard.\(step.rawValue)", context: context, ofKind: step.kind)
        span.attributes["messaging.system"] = "switchboard"
        span.attributes["messaging.batch.message_count"] = count
        var fields: [String: String] = [:]
        tracer.inject(span.context, into: &fields, using: Fields())
        return Step(span: span, asParent: fields[Self.field].flatMap { TraceParent($0) })
    }

    private struct Step: TraceSpan {
        let span: any Span
        let asParent: TraceParent?

        func end(failure: String?) {
            if let failure { span.setStatus(SpanStatus(code: .error, message: failure)) }
            span.end()
        }
    }

    /// Reads and writes a dictionary.
    private struct Fields: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }

        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
            carrier[key] = value
        }
    }
}

extension TraceStep {
    fileprivate var kind: SpanKind {
        switch self {
        case .send: .server
        case .append: .client
        case .deliver: .internal
        case .publish: .producer
        case .receive: .consumer
        }
    }
}
