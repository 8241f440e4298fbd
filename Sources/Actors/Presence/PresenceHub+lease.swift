// What the lease says.
extension PresenceHub {
    /// The lease is held: the directory may be used.
    ///
    /// - Parameters:
    ///   - isNew: nothing of what was written before is there any more.
    ///   - wasReaped: the other instances have taken this one's users offline.
    func leaseHeld(isNew: Bool, wasReaped: Bool = false) {
        if isNew {
            local.forgetWritten(wasReaped: wasReaped)
            trustsAbsenceFrom = time.uptime() + Self.restoreTime
            readsAbsent = true
            isRestoring = local.hasUnwritten
        }
        guard isNew || !isOpen else { return }
        // What was told meanwhile has been missed.
        if !isOpen { unread.formUnion(watch.users) }
        comparesList = true
        isOpen = true
        wakeUp.fire()
    }

    /// The directory can't be used until the lease is held again.
    func leaseLost() {
        guard isOpen else { return }
        isOpen = false
        wakeUp.fire()
    }

    /// What to refresh and to read with a heartbeat.
    func heartbeatUsers(_ heartbeat: Int, refreshSlots: Int) -> (refreshing: [UserID], reading: [UserID], start: PresenceWatch.ReadStart) {
        if readsAbsent, time.uptime() >= trustsAbsenceFrom {
            readsAbsent = false
            unread.formUnion(watch.users)
            wakeUp.fire()
        }
        let readSlots = max(Self.leastReadSlots, (watch.subjectCount + Self.readLimit - 1) / Self.readLimit)
        return (
            local.usersToRefresh(heartbeat: heartbeat, slots: refreshSlots),
            watch.usersToRead(slot: heartbeat, of: readSlots),
            watch.readStart
        )
    }

    func heartbeatAnswered(_ answer: HeartbeatAnswer, reading: [UserID], since start: PresenceWatch.ReadStart) {
        local.rewrite(answer.missing)
        watch.reconcile(reading.map { record(of: $0, stored: answer.records).presence }, since: start, now: time.uptime())
        if watch.nextDeadline != nil { dueWakeUp.fire() }
        if local.hasUnwritten { wakeUp.fire() }
    }

    /// Ends every session, so that its client goes elsewhere.
    func endAll(_ reason: EndReason) async {
        for session in Array(sessions.values) { await session.end(reason) }
    }

    /// Takes out of the directory what is left of this instance's users.
    func withdraw() async {
        takeInbox()
        local.closeAll(at: time.now())
        await write()
    }
}
