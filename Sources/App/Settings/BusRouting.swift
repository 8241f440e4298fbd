/// Who hears a message between instances.
enum BusRouting: String, CaseIterable, Sendable {
    /// Every instance.
    case broadcast
    /// The instances that have a session for it.
    case targeted
}
