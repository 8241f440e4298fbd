/// How the bus's start ended.
package enum BusReadiness: Hashable, Sendable {
    /// Every subscription is confirmed.
    case connected
    /// The instance works alone; where Redis is configured, it is tried on in the background.
    case disabled(reason: String)
}
