import Actors
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Transport

// What listens.
extension Instance {
    /// The HTTP server with its WebSocket upgrade. It listens once the bus is there or has been given up.
    func application(_ settings: Settings, door: SocketIODoor, logger: Logger) -> Application<RouterResponder<APIContext>> {
        var services = webSocketServices(settings)
        services.engineIO = door.servers
        let loops = loops
        let scheme = tls == nil ? "http" : "https"
        var application = Application(
            router: routes.router(door: door),
            server: HTTPServerBuilder { [services] in SwitchboardChannel(responder: $0, loops: loops, services: services) },
            configuration: ApplicationConfiguration(
                address: .hostname(settings.http.host, port: settings.http.port),
                serverName: nil,
                backlog: 4_096
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? settings.http.port
                let host = ["127.0.0.1", "0.0.0.0", "::", "::1"].contains(settings.http.host) ? "localhost" : settings.http.host
                logger.info("Backend listening on \(scheme)://\(host):\(port)")
            },
            eventLoopGroupProvider: .shared(group),
            logger: forHTTPLibrary(logger)
        )
        let reconciler = reconciler.reconciler
        application.beforeServerStarts { await reconciler.begin() }
        if let bus = busService {
            let presence = presenceService
            application.beforeServerStarts {
                guard try await bus.waitUntilReady() == .connected else { return }
                try await presence.waitUntilClaimed()
            }
        }
        return application
    }

    /// Where clients of Socket.IO come in.
    func socketIODoor(_ settings: Settings) -> SocketIODoor {
        SocketIODoor(settings, loops: loops, services: webSocketServices(settings), adapter: adapter)
    }

    /// The server for `/metrics` alone, where it has a port of its own.
    func metricsApplication(_ settings: Settings, port: Int, logger: Logger) -> Application<RouterResponder<BasicRequestContext>> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: HeadMiddleware<BasicRequestContext>())
        metricsRoute.add(to: router)
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(settings.http.host, port: port), serverName: nil),
            onServerRunning: { channel in
                logger.info("metrics_listening", metadata: ["port": .stringConvertible(channel.localAddress?.port ?? port)])
            },
            eventLoopGroupProvider: .shared(group),
            logger: forHTTPLibrary(logger)
        )
    }

    private func forHTTPLibrary(_ logger: Logger) -> Logger {
        var logger = logger.forLibraries
        logger.handler = HTTPLogHandler(logger.handler)
        return logger
    }

    private func webSocketServices(_ settings: Settings) -> WebSocketServices {
        var limits = WebSocketLimits()
        limits.maxFrameBytes = settings.connections.maxFrameBytes
        limits.outboundLimit = OutboundLimit(bytes: settings.connections.outboundLimitBytes)
        let environment = environment
        let drain = drain
        let (registry, bus) = (registry, routes.bus)
        return WebSocketServices(
            origins: settings.http.allowedOrigins,
            trustedProxies: settings.http.trustedProxies,
            limits: limits,
            tls: tls,
            admission: admission,
            refusesConnections: { drain.isDraining || registry.freshness.isCutOff(bus: bus.status) },
            authenticate: { token async throws(RequestError) in try await environment.gate.principal(forToken: token) },
            makeSession: { connectionID, executor, outbound, opening in
                SessionActor(
                    connectionID: connectionID,
                    executor: executor,
                    outbound: outbound,
                    principal: opening.principal,
                    peer: opening.peer,
                    resumes: opening.resumes,
                    environment: environment
                )
            }
        )
    }
}
