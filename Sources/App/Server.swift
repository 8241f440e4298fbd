import Actors
import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import Transport
import UnixSignals

/// One instance, wired: what there is, and in which order it starts and stops.
enum Server {
    /// Runs the instance until it is told to stop.
    ///
    /// - Throws: `ExitError` where it can't start.
    static func run(_ settings: Settings) async throws {
        let logger = Logger(label: "Server")
        let limits = connectionLimits(settings, logger)
        let metrics = PrometheusRegistry()
        // Before anything that is measured is made: each keeps its handles.
        MetricsSystem.bootstrap(metrics)
        let instance = try await Instance(settings, limits: limits, metrics: metrics)
        let door = instance.socketIODoor(settings)
        let drain = DrainService(
            registry: instance.registry,
            state: instance.drain,
            window: settings.connections.drain,
            logger: logger
        )
        let application = ListeningService(
            service: instance.application(settings, door: door, logger: logger),
            host: settings.http.host,
            port: settings.http.port,
            variable: SettingsTable.port.declaration.name
        )
        var services = ServiceGroupConfiguration(
            services: [
                .init(service: instance.eventLoopProbe),
                .init(service: ReloadService(tls: instance.tls, logger: logger)),
                .init(service: instance.storeMonitor),
                .init(service: instance.activity),
                .init(service: instance.presenceService),
                .init(service: instance.busConsumer),
                .init(service: instance.reconciler),
                .init(service: BoundedShutdown(service: application, limit: .seconds(1))),
                .init(service: SocketIOService(door: door)),
                .init(service: drain),
                .init(service: StartPagesService(), successTerminationBehavior: .ignore),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger.forLibraries
        )
        if let adapter = instance.adapter { services.services.insert(.init(service: adapter), at: 0) }
        if let port = settings.metrics.port {
            let application = ListeningService(
                service: instance.metricsApplication(settings, port: port, logger: logger),
                host: settings.http.host,
                port: port,
                variable: SettingsTable.metricsPort.declaration.name
            )
            services.services.insert(.init(service: application), at: 0)
        }
        if let bus = instance.busService { services.services.insert(.init(service: bus), at: 0) }
        services.maximumGracefulShutdownDuration = settings.connections.drain + DrainService.cancellation
        do {
            try await ServiceGroup(configuration: services).run()
        } catch let error as BusStartError {
            throw ExitError(.redisUnavailable, error.description)
        } catch let error as DuplicateInstanceError {
            throw ExitError(.temporaryFailure, error.description)
        } catch is CancellationError {
            throw ExitError(.failure, "what was under way did not end in time")
        }
        await instance.close()
        logger.info("stopped")
    }

    /// Each connection is a file descriptor: as many as the system gives.
    private static func connectionLimits(_ settings: Settings, _ logger: Logger) -> ConnectionLimits {
        let files = FileLimit.raise()
        let wanted = settings.connections.maximum
        let limits = ConnectionLimits(
            files: files.now,
            wanted: wanted,
            poolSize: settings.database.poolSize,
            loops: NIOSingletons.groupLoopCountSuggestion
        )
        logger.info(
            "file_limit",
            metadata: [
                "limit": .stringConvertible(files.now), "before": .stringConvertible(files.before),
                "maxConnections": .stringConvertible(limits.connections),
            ]
        )
        if let wanted, wanted > limits.connections {
            logger.warning(
                "max_connections_lowered",
                metadata: ["wanted": .stringConvertible(wanted), "possible": .stringConvertible(limits.connections)]
            )
        }
        return limits
    }
}
