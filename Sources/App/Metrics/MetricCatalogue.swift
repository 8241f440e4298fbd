/// Every metric that an instance has.
enum MetricCatalogue {
    static let all = connections + messages + bus + kicks + reconciler + store + process

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let connections = [
        MetricDeclaration(name: "switchboard_connections", kind: .gauge, help: "Live connections of users now."),
        MetricDeclaration(name: "switchboard_users", kind: .gauge, help: "Users with a live connection here now."),
        MetricDeclaration(name: "switchboard_channels", kind: .gauge, help: "Channels with a member connected here now."),
        MetricDeclaration(name: "switchboard_sockets", kind: .gauge, help: "Open sockets of clients now, HTTP and live connections."),
        MetricDeclaration(
            name: "switchboard_connections_limit",
            kind: .gauge,
            help: "Live connections that the instance takes (MAX_CONNECTIONS, or what file descriptors allow)."
        ),
        MetricDeclaration(name: "switchboard_connections_opened_total", kind: .counter, help: "Live connections that were welcomed."),
        MetricDeclaration(
            name: "switchboard_connections_closed_total",
            kind: .counter,
            labels: ["reason"],
            help: "Live connections that ended; client stands for the client or the network."
        ),
        MetricDeclaration(
            name: "switchboard_upgrades_refused_total",
            kind: .counter,
            labels: ["status"],
            help: "Requests for a live connection that were refused, by HTTP status."
        ),
        MetricDeclaration(name: "switchboard_sockets_refused_total", kind: .counter, help: "Sockets that were closed as one too many."),
        MetricDeclaration(
            name: "switchboard_slow_requests_total",
            kind: .counter,
            help: "Connections that were closed as their request took too long to come."
        ),
        MetricDeclaration(
            name: "switchboard_outbound_waiting_bytes",
            kind: .gauge,
            help: "Bytes that wait for clients which don't read, at most a second old."
        ),
        MetricDeclaration(
            name: "switchboard_outbound_waiting_largest_bytes",
            kind: .gauge,
            help: "Bytes that wait for the one client with the most."
        ),
        MetricDeclaration(
            name: "switchboard_slow_consumers_total",
            kind: .counter,
            help: "Connections that were closed as more waited for them than OUTBOUND_LIMIT_BYTES."
        ),
        MetricDeclaration(
            name: "switchboard_rate_limited_total",
            kind: .counter,
            labels: ["what"],
            help: "Frames that were refused, connections that were closed, and log-ins that were refused as too many."
        ),
        MetricDeclaration(name: "switchboard_bad_frames_total", kind: .counter, help: "Frames that were no frame of the protocol."),
        MetricDeclaration(
            name: "switchboard_auth_failures_total",
            kind: .counter,
            labels: ["reason"],
            help: "Passwords and tokens that were refused."
        ),
    ]

    private static let messages = [
        MetricDeclaration(
            name: "switchboard_messages_sent_total",
            kind: .counter,
            labels: ["kind", "path"],
            help: "Messages of clients that were stored, by kind of conversation and by the way they came."
        ),
        MetricDeclaration(
            name: "switchboard_messages_duplicate_total",
            kind: .counter,
            help: "Messages that a client sent again and that were stored already."
        ),
        MetricDeclaration(
            name: "switchboard_messages_delivered_total",
            kind: .counter,
            labels: ["kind", "path"],
            help: "Messages that were written to a user's or a channel's connections here, by the way they came to this instance."
        ),
        MetricDeclaration(
            name: "switchboard_delivery_duration_seconds",
            kind: .latency,
            labels: ["path"],
            help: "Time from a message's coming to its instance, before it is appended, to its being written to connections here."
        ),
        MetricDeclaration(
            name: "switchboard_ack_duration_seconds",
            kind: .latency,
            help: "Time from a client's frame with a message to its ACK."
        ),
        MetricDeclaration(
            name: "switchboard_append_batch_messages",
            kind: .sizes,
            help: "Messages of one conversation that went to the store together."
        ),
        MetricDeclaration(name: "switchboard_append_duration_seconds", kind: .latency, help: "Time that an append to the store took."),
        MetricDeclaration(
            name: "switchboard_append_failures_total",
            kind: .counter,
            labels: ["code"],
            help: "Appends that failed, by the store's reason."
        ),
    ]

    private static let bus = [
        MetricDeclaration(
            name: "switchboard_bus_state",
            kind: .gauge,
            labels: ["state"],
            help: "1 for the state that the bus is in: connected, reconnecting or disabled."
        ),
        MetricDeclaration(
            name: "switchboard_bus_degraded",
            kind: .gauge,
            help: "1 while other instances are heard through the store alone; 0 where no Redis is set."
        ),
        MetricDeclaration(
            name: "switchboard_bus_probe_age_seconds",
            kind: .gauge,
            help: "Time since the subscription last proved itself by a probe; 0 while there is none."
        ),
        MetricDeclaration(name: "switchboard_bus_publish_queue", kind: .gauge, help: "Hints that wait to be published."),
        MetricDeclaration(name: "switchboard_bus_published_total", kind: .counter, help: "Hints that Redis took."),
        MetricDeclaration(name: "switchboard_bus_publish_failed_total", kind: .counter, help: "Hints that Redis refused."),
        MetricDeclaration(
            name: "switchboard_bus_publish_dropped_total",
            kind: .counter,
            help: "Hints that were dropped as too many waited; the store has what they tell."
        ),
        MetricDeclaration(name: "switchboard_bus_received_total", kind: .counter, help: "Messages that came over the bus, own ones too."),
        MetricDeclaration(
            name: "switchboard_bus_receive_dropped_total",
            kind: .counter,
            help: "Messages of the bus that were dropped as too many waited to be handled."
        ),
        MetricDeclaration(
            name: "switchboard_bus_receive_age_seconds",
            kind: .latency,
            help: "Age of other instances' messages when they came over the bus, by the clocks of both."
        ),
        MetricDeclaration(
            name: "switchboard_bus_rejected_total",
            kind: .counter,
            labels: ["reason"],
            help: "Messages of the bus that were not understood or not trusted."
        ),
        MetricDeclaration(
            name: "switchboard_bus_handler_failed_total",
            kind: .counter,
            help: "Messages of the bus that could not be acted on; the reconciler makes them good."
        ),
        MetricDeclaration(name: "switchboard_bus_lost_total", kind: .counter, help: "Times that the bus was lost."),
        MetricDeclaration(
            name: "switchboard_socketio_adapter_published_total",
            kind: .counter,
            help: "Events told to the Node.js instances that share Redis."
        ),
        MetricDeclaration(
            name: "switchboard_socketio_adapter_publish_dropped_total",
            kind: .counter,
            help: "Events for them that were dropped as too many waited."
        ),
        MetricDeclaration(
            name: "switchboard_socketio_adapter_received_total",
            kind: .counter,
            help: "What came from them."
        ),
        MetricDeclaration(
            name: "switchboard_socketio_adapter_receive_dropped_total",
            kind: .counter,
            help: "What came from them and was dropped as too much waited to be handled."
        ),
        MetricDeclaration(
            name: "switchboard_socketio_adapter_rejected_total",
            kind: .counter,
            labels: ["reason"],
            help: "What came from them and was not understood."
        ),
    ]

    private static let kicks = [
        MetricDeclaration(
            name: "switchboard_kicks_total",
            kind: .counter,
            labels: ["action", "path"],
            help: "Bans and revocations that ended connections here."
        ),
        MetricDeclaration(name: "switchboard_kicked_connections_total", kind: .counter, help: "Connections that they ended."),
        MetricDeclaration(
            name: "switchboard_kick_delay_seconds",
            kind: .latency,
            labels: ["path"],
            help: "Time from the order to the end of its connections here; by the reconciler the longest that it can have been."
        ),
    ]

    private static let reconciler = [
        MetricDeclaration(
            name: "switchboard_reconciler_lag_seconds",
            kind: .gauge,
            help: "Age of what this instance knows of bans and changes from the store; past 4 it delivers nothing."
        ),
        MetricDeclaration(
            name: "switchboard_reconciler_round_duration_seconds",
            kind: .latency,
            help: "Time that a whole round took."
        ),
        MetricDeclaration(
            name: "switchboard_reconciler_round_failures_total",
            kind: .counter,
            help: "Rounds that ended early, as the store did not answer."
        ),
        MetricDeclaration(
            name: "switchboard_reconciler_gaps_total",
            kind: .counter,
            help: "Conversations in which a round found messages missing here."
        ),
        MetricDeclaration(
            name: "switchboard_reconciler_filled_messages_total",
            kind: .counter,
            help: "Messages that were read from the store as no hint had brought them."
        ),
    ]

    private static let store = [
        MetricDeclaration(name: "switchboard_store_up", kind: .gauge, help: "1 where the store answered when it was asked last."),
        MetricDeclaration(
            name: "switchboard_store_duration_seconds",
            kind: .latency,
            labels: ["kind"],
            help: "Time that an operation, or a transaction of several, had a connection to the store."
        ),
        MetricDeclaration(
            name: "switchboard_store_wait_seconds",
            kind: .latency,
            labels: ["kind"],
            help: "Time that an operation waited for a connection to the store."
        ),
        MetricDeclaration(
            name: "switchboard_store_refused_total",
            kind: .counter,
            help: "Operations that were refused as too many waited for the store."
        ),
    ]

    private static let process = [
        MetricDeclaration(
            name: "switchboard_http_request_duration_seconds",
            kind: .latency,
            labels: ["status"],
            help: "Time from the head of an HTTP request to its answer, by class of status."
        ),
        MetricDeclaration(
            name: "switchboard_event_loop_lag_seconds",
            kind: .internalLatency,
            help: "How much later than asked for an event loop did a piece of work, asked four times a second."
        ),
        MetricDeclaration(
            name: "switchboard_build_info",
            kind: .gauge,
            labels: ["version"],
            help: "1, with the version of the program."
        ),
        MetricDeclaration(name: "process_cpu_seconds_total", kind: .counter, help: "User and system CPU time spent in seconds."),
        MetricDeclaration(name: "process_resident_memory_bytes", kind: .gauge, help: "Resident memory size in bytes."),
        MetricDeclaration(name: "process_virtual_memory_bytes", kind: .gauge, help: "Virtual memory size in bytes."),
        MetricDeclaration(name: "process_open_fds", kind: .gauge, help: "Number of open file descriptors."),
        MetricDeclaration(name: "process_max_fds", kind: .gauge, help: "Maximum number of open file descriptors."),
        MetricDeclaration(name: "process_threads", kind: .gauge, help: "Number of threads."),
        MetricDeclaration(
            name: "process_start_time_seconds",
            kind: .gauge,
            help: "Start time of the process since unix epoch in seconds."
        ),
    ]
}
