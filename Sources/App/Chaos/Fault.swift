/// What can be made to fail.
enum FaultKind: String, CaseIterable, Sendable {
    case redisKill = "Redis SIGKILL, restart empty"
    case redisFreeze = "Redis SIGSTOP, SIGCONT"
    case redisKillPubSub = "Redis CLIENT KILL TYPE pubsub"
    case redisKillNormal = "Redis CLIENT KILL TYPE normal"
    case redisPause = "Redis CLIENT PAUSE"
    case redisFlush = "Redis FLUSHALL"
    case redisTinyBuffer = "Redis client-output-buffer-limit tiny"
    case busLinkCut = "link to Redis cut"
    case busLinkStall = "link to Redis stalled"
    case busLinkDelay = "link to Redis delayed"
    case storeLinkCut = "link to MongoDB cut"
    case storeLinkStall = "link to MongoDB stalled"
    case storeLinkDelay = "link to MongoDB delayed"
    case storeKill = "MongoDB SIGKILL, restart"
    case storeFailPoint = "MongoDB fail point"
    case storeLock = "SQLite write lock held"
    case instanceKill = "instance SIGKILL, restart"
    case instanceFreeze = "instance SIGSTOP, SIGCONT"
    case rollingRestart = "instance SIGTERM (drain), restart"
    case clientsHalfOpen = "clients cut half-open"
    case clientsSlow = "clients read nothing for a while"
    case clientsCut = "clients cut, back elsewhere"
    case nothing = "nothing, to compare with"

    /// What of the cluster it touches.
    enum Area: Sendable {
        case bus
        case store
        case instance
        case clients
        case nothing
    }

    var area: Area {
        switch self {
        case .redisKill, .redisFreeze, .redisKillPubSub, .redisKillNormal, .redisPause, .redisFlush, .redisTinyBuffer, .busLinkCut,
            .busLinkStall, .busLinkDelay:
            .bus
        case .storeLinkCut, .storeLinkStall, .storeLinkDelay, .storeKill, .storeFailPoint, .storeLock: .store
        case .instanceKill, .instanceFreeze, .rollingRestart: .instance
        case .clientsHalfOpen, .clientsSlow, .clientsCut: .clients
        case .nothing: .nothing
        }
    }

    /// For how long after its end it may have consequences: a client of Redis tries again after up to five seconds, and one that is
    /// cut off notices it after four.
    var aftermath: Duration {
        switch self {
        case .redisFlush, .redisPause, .busLinkDelay, .storeLock, .storeFailPoint, .storeLinkDelay: .seconds(1)
        default: .seconds(8)
        }
    }

    /// Whether instances may not hear of each other while it lasts, or hear late.
    var breaksCluster: Bool {
        area != .clients && area != .nothing && self != .redisFlush
    }

    /// Whether it hits one instance and leaves the others alone.
    var isOfOneInstance: Bool {
        switch self {
        case .busLinkCut, .busLinkStall, .busLinkDelay, .storeLinkCut, .storeLinkStall, .storeLinkDelay, .instanceKill, .instanceFreeze:
            true
        default: false
        }
    }

    /// How long it lasts, in milliseconds; zero for what is over at once, or takes its own time.
    var milliseconds: ClosedRange<Int> {
        switch self {
        case .redisKill: 500...6_000
        case .redisFreeze: 1_000...8_000
        case .redisKillPubSub, .redisKillNormal, .redisFlush, .instanceKill, .rollingRestart, .clientsCut: 0...0
        case .redisPause: 500...5_000
        case .redisTinyBuffer: 1_000...5_000
        case .busLinkCut, .busLinkStall: 500...8_000
        case .busLinkDelay: 2_000...6_000
        case .storeLinkCut: 500...4_000
        case .storeLinkStall: 500...6_000
        case .storeLinkDelay: 2_000...5_000
        case .storeKill: 500...4_000
        case .storeFailPoint: 500...2_000
        case .storeLock: 500...4_000
        case .instanceFreeze: 500...8_000
        case .clientsHalfOpen: 3_000...8_000
        case .clientsSlow: 1_000...6_000
        case .nothing: 12_000...12_000
        }
    }

    /// Whether it can be done where the data is kept there.
    func isPossible(on database: BenchDatabase.Kind) -> Bool {
        switch self {
        case .storeLinkCut, .storeLinkStall, .storeLinkDelay, .storeKill, .storeFailPoint: database == .mongodb
        case .storeLock: database == .sqlite
        default: true
        }
    }
}

/// A fault that is to come.
struct Fault: Sendable {
    let kind: FaultKind
    let at: Duration
    let duration: Duration
    /// Which instance; nil where it isn't one of one instance.
    let instance: Int?
    /// Which ban or revocation comes in the middle of it, and when.
    let kick: KickRecord.Action
    let kickAt: Duration
}
