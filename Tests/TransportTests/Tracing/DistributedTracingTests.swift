import Actors
import InMemoryTracing
import Testing
import Tracing
import Transport

@Suite("The steps of messages become spans")
struct DistributedTracingTests {
    private let tracer = TraceContextTracer()

    private var tracing: DistributedTracing { DistributedTracing(tracer: tracer) }

    @Test("A step names its trace so that another instance can go on with it")
    func travels() throws {
        let publish = try #require(tracing.begin(.publish, under: nil, messages: 1))
        let parent = try #require(publish.asParent)
        publish.end(failure: nil)
        // As it comes out of a message of the bus.
        let elsewhere = try #require(TraceParent(parent.description))
        try #require(tracing.begin(.receive, under: elsewhere, messages: 1)).end(failure: nil)
        let spans = tracer.memory.finishedSpans
        #expect(spans.map(\.operationName) == ["switchboard.publish", "switchboard.receive"])
        #expect(spans[1].spanContext.traceID == spans[0].spanContext.traceID)
        #expect(spans[1].spanContext.parentSpanID == spans[0].spanContext.spanID)
        #expect(spans.map(\.kind) == [.producer, .consumer])
    }

    @Test("A step without a parent begins a trace; a failed one says so by a code; nothing of messages is in them")
    func failed() throws {
        try #require(tracing.begin(.append, under: nil, messages: 3)).end(failure: "timeout")
        let span = try #require(tracer.memory.finishedSpans.first)
        #expect(span.spanContext.parentSpanID == nil)
        #expect(span.status?.code == .error)
        #expect(span.status?.message == "timeout")
        var names: Set<String> = []
        span.attributes.forEach { name, _ in names.insert(name) }
        #expect(names == ["messaging.system", "messaging.batch.message_count"])
    }

    @Test("Where no tracer was bootstrapped nothing is traced")
    func off() {
        #expect(DistributedTracing.bootstrapped is NoTracing)
        #expect(NoTracing().begin(.send, under: nil, messages: 1) == nil)
    }

    @Test(
        "Only a traceparent is taken for one",
        arguments: [
            "", "x", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
        ]
    )
    func malformed(text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test("The envelope carries it where there is one, and one that can't be read is none")
    func envelope() throws {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let trace = try #require(TraceParent(text))
        for secret in [nil, "a secret"] {
            let codec = BusEnvelopeCodec(secret: secret)
            func sent(_ trace: TraceParent?) -> BusDelivery {
                BusDelivery(
                    event: .message(Sample.message(seq: 1, content: "x")),
                    eventID: Sample.ids.next(BusEventID.self),
                    origin: InstanceIdentity(instanceID: "A", boot: "b"),
                    trace: trace
                )
            }
            #expect(try codec.decode(codec.encode(sent(trace)), from: .chatMessage).trace == trace)
            let plain = codec.encode(sent(nil))
            #expect(!String(decoding: plain, as: UTF8.self).contains("traceparent"))
            #expect(try codec.decode(plain, from: .chatMessage).trace == nil)
        }
        let codec = BusEnvelopeCodec(secret: nil)
        let bytes = codec.encode(
            BusDelivery(
                event: .message(Sample.message(seq: 1, content: "x")),
                eventID: Sample.ids.next(BusEventID.self),
                origin: InstanceIdentity(instanceID: "A", boot: "b"),
                trace: trace
            )
        )
        for wrong in ["\"nonsense\"", "7", "null", "{}"] {
            let broken = String(decoding: bytes, as: UTF8.self).replacing("\"\(text)\"", with: wrong)
            let received = try codec.decode(Array(broken.utf8), from: .chatMessage)
            #expect(received.trace == nil)
            #expect(received.message?.content == "x")
        }
    }
}

/// Keeps spans in memory, and writes their context as W3C has it.
struct TraceContextTracer: Tracer {
    let memory = InMemoryTracer(
        idGenerator: .init(
            nextTraceID: { Self.hexadecimal(.random(in: 1 ... .max)) + Self.hexadecimal(.random(in: 1 ... .max)) },
            nextSpanID: { Self.hexadecimal(.random(in: 1 ... .max)) }
        )
    )

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> InstrumentationContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> InMemorySpan {
        memory.startSpan(operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID, line: line)
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract)
    where Extract.Carrier == Carrier {
        guard let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-"), parts.count == 4 else { return }
        context.inMemorySpanContext = InMemorySpanContext(traceID: String(parts[1]), spanID: String(parts[2]), parentSpanID: nil)
    }

    func inject<Carrier, Inject: Injector>(_ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject)
    where Inject.Carrier == Carrier {
        guard let span = context.inMemorySpanContext else { return }
        injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
