/// Who hears a message between instances.
package enum BusRouting: String, CaseIterable, Sendable {
    /// Every instance.
    case broadcast
    /// The instances that follow the user or the channel that it is about.
    case targeted
}
