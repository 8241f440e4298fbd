import Actors
import Hummingbird
import Transport

/// All routes of an instance.
struct Routes: Sendable {
    let store: any Store
    let storeLiveness: StoreLiveness
    let bus: any Bus
    let registry: Registry
    let gate: SessionGate
    let accounts: Accounts
    let moderation: Moderation
    let messaging: Messaging
    let conversations: Conversations
    let access: ConversationAccess
    let presence: PresenceHub
    let reporter: InstanceReporter
    let activity: ActivityRecorder
    let drain: DrainState
    /// Nil where it has a port of its own.
    let metrics: MetricsRoute?
    let time: any TimeSource
    let settings: Settings

    /// - Parameter door: where clients of Socket.IO come in.
    func router(door: SocketIODoor) -> Router<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        let origins = OriginMiddleware(origins: settings.http.allowedOrigins, proxies: settings.http.trustedProxies)
        router.add(middleware: HeadMiddleware<APIContext>())
        router.add(middleware: RequestTimeMiddleware())
        router.add(middleware: origins)
        router.add(middleware: SocketIOMiddleware(door: door, proxies: settings.http.trustedProxies))
        router.add(middleware: ErrorMiddleware())
        router.add(middleware: BodyLimitMiddleware(limit: JSONBody.limit))
        HealthRoutes(store: storeLiveness, bus: bus, freshness: registry.freshness, drain: drain).add(to: router)
        metrics?.add(to: router)
        WebRoutes().add(to: router)

        let instanceID = settings.instance.id
        let authentication = AuthenticationMiddleware(gate: gate)
        AccountRoutes(
            accounts: accounts,
            authentication: authentication,
            origins: origins,
            peers: PeerResolver(proxies: settings.http.trustedProxies),
            cookies: TokenCookie(isSecure: !settings.instance.isDevelopment, domain: settings.http.cookieDomain)
        ).add(to: router.group("api"))

        let api = router.group("api").add(middleware: authentication)
        MeRoutes(store: store, moderation: moderation, registry: registry, instanceID: instanceID, time: time).add(to: api)
        UserRoutes(store: store, presence: presence).add(to: api)
        PresenceRoutes(presence: presence).add(to: api)
        ConversationRoutes(store: store, messaging: messaging, access: access).add(to: api)
        ChannelRoutes(store: store, conversations: conversations) { users in
            await presence.onlineCount(among: users)
        }.add(to: api)

        let admin = api.group("admin").add(middleware: AdminMiddleware())
        AdminRoutes(
            store: store,
            moderation: moderation,
            registry: registry,
            presence: presence,
            instanceID: instanceID,
            time: time
        ).add(to: admin)
        ClusterRoutes(presence: presence, reporter: reporter).add(to: admin)
        AnalyticsRoutes(store: store, activity: activity, time: time).add(to: admin)
        return router
    }
}
