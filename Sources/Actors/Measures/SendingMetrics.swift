import Metrics

/// Messages on their way from a client to the store.
package struct SendingMetrics: Sendable {
    private let viaWebSocket: ByConversationKind<Counter>
    private let viaHTTP: ByConversationKind<Counter>
    private let duplicates: Counter
    private let failures: [StoreError.Code: Counter]
    private let batchSize: Recorder
    private let appendTime: Timer
    private let acknowledgeTime: Timer

    init(_ factory: any MetricsFactory) {
        func sent(_ path: SendPath) -> ByConversationKind<Counter> {
            ByConversationKind { kind in
                Counter(
                    label: "switchboard_messages_sent_total",
                    dimensions: [("kind", kind), ("path", path.rawValue)],
                    factory: factory
                )
            }
        }
        viaWebSocket = sent(.websocket)
        viaHTTP = sent(.http)
        duplicates = Counter(label: "switchboard_messages_duplicate_total", factory: factory)
        failures = Dictionary(
            uniqueKeysWithValues: StoreError.Code.allCases.map { code in
                (code, Counter(label: "switchboard_append_failures_total", dimensions: [("code", code.label)], factory: factory))
            }
        )
        batchSize = Recorder(label: "switchboard_append_batch_messages", factory: factory)
        appendTime = Timer(label: "switchboard_append_duration_seconds", factory: factory)
        acknowledgeTime = Timer(label: "switchboard_ack_duration_seconds", factory: factory)
    }

    func stored(_ count: Int, in conversation: ConversationID, over path: SendPath) {
        guard count > 0 else { return }
        switch path {
        case .websocket: viaWebSocket[conversation].increment(by: count)
        case .http: viaHTTP[conversation].increment(by: count)
        }
    }

    func repeated(_ count: Int) {
        guard count > 0 else { return }
        duplicates.increment(by: count)
    }

    /// - Parameters:
    ///   - count: drafts that one append stored together.
    ///   - duration: what it took.
    func appended(_ count: Int, in duration: Duration) {
        batchSize.record(count)
        appendTime.record(duration: duration)
    }

    func failed(_ error: StoreError) {
        failures[error.code]?.increment()
    }

    /// - Parameter duration: from the client's frame to its answer.
    func acknowledged(after duration: Duration) {
        acknowledgeTime.record(duration: duration)
    }
}

extension StoreError.Code {
    /// As metrics name it.
    fileprivate var label: String {
        switch self {
        case .duplicateKey: "duplicate_key"
        case .unavailable: "unavailable"
        case .timeout: "timeout"
        case .overloaded: "overloaded"
        case .other: "other"
        }
    }
}
