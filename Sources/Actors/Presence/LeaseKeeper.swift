package import Logging

/// Another live process goes by this instance's id.
package struct DuplicateInstanceError: Error, Hashable, Sendable, CustomStringConvertible {
    package let instanceID: String
    package let holder: LeaseHolder

    package var description: String {
        "INSTANCE_ID \(instanceID) is in use: an instance started at \(holder.startedAt) on \(holder.host) has it; "
            + "give each instance an INSTANCE_ID of its own"
    }
}

/// Holds this instance's lease, renews it, and takes the users of dead instances offline.
package struct LeaseKeeper: Sendable {
    private let directory: any PresenceDirectory
    private let hub: PresenceHub
    private let instanceID: String
    private let time: any TimeSource
    private let timing: LeaseState.Timing
    private let refreshSlots: Int
    private let report: @Sendable () async -> InstanceReport
    private let logger: Logger

    /// - Parameters:
    ///   - expiry: after which the directory forgets a user that nobody refreshes.
    ///   - report: what this instance says of itself.
    package init(
        directory: any PresenceDirectory,
        hub: PresenceHub,
        instanceID: String,
        time: any TimeSource,
        expiry: Duration,
        timing: LeaseState.Timing = LeaseState.Timing(),
        logger: Logger = Logger(label: "Presence"),
        report: @escaping @Sendable () async -> InstanceReport
    ) {
        self.directory = directory
        self.hub = hub
        self.instanceID = instanceID
        self.time = time
        var timing = timing
        timing.heartbeat = min(timing.heartbeat, expiry / 3)
        self.timing = timing
        refreshSlots = Self.refreshSlots(expiry: expiry, heartbeat: timing.heartbeat)
        self.report = report
        self.logger = logger
    }

    /// In how many heartbeats every user is refreshed once: five minutes' worth, less where that comes close to the expiry.
    package static func refreshSlots(expiry: Duration, heartbeat: Duration) -> Int {
        max(1, Int(min(expiry / 3, .seconds(300)) / heartbeat))
    }

    /// Works until the task is cancelled.
    ///
    /// - Parameter onHeld: called each time that the lease was claimed.
    /// - Throws: `DuplicateInstanceError` where another live process holds a lease of the same id; then every session here is ended.
    package func run(onHeld: @Sendable () -> Void = {}) async throws(DuplicateInstanceError) {
        var state = LeaseState(timing: timing)
        var heartbeats = 0
        while !Task.isCancelled {
            let verdict: LeaseState.Verdict?
            do throws(PresenceError) {
                verdict = try await step(&state, &heartbeats)
            } catch {
                logger.debug("directory_failed", metadata: ["error": "\(error)"])
                verdict = .notYet
            }
            switch verdict {
            case nil:
                break
            case .held:
                await hub.leaseHeld(isNew: false)
            case .restored(let wasReaped):
                await hub.leaseHeld(isNew: true, wasReaped: wasReaped)
                onHeld()
            case .notYet:
                await hub.leaseLost()
            case .refuse(let holder):
                await hub.leaseLost()
                await hub.endAll(.serviceRestart)
                throw DuplicateInstanceError(instanceID: instanceID, holder: holder)
            }
        }
    }

    /// Does what is due; nil where it says nothing of the lease.
    private func step(_ state: inout LeaseState, _ heartbeats: inout Int) async throws(PresenceError) -> LeaseState.Verdict? {
        let isOpen = await hub.isOpen
        switch state.next(at: time.uptime(), isOpen: isOpen) {
        case .wait(let delay):
            // Cancelled is seen by the loop.
            try? await time.sleep(for: delay)
            return nil
        case .claim:
            if !state.hasBeenHeld {
                let isClear = try await directory.clearFormerLife()
                guard isClear else { return .notYet }
            }
            let claim = try await directory.claimLease(await report(), isFirst: !state.hasBeenHeld)
            return state.claimed(claim, at: time.uptime())
        case .takeOver(let holder):
            let reaped = try await directory.takeOver(from: holder)
            state.tookOver(reaped)
            if let reaped { log(reaped) }
            return nil
        case .heartbeat:
            heartbeats += 1
            return state.renewed(try await heartbeat(heartbeats), at: time.uptime())
        case .scan:
            let scan = try await directory.reapExpiredInstances()
            for reaped in scan.reaped { log(reaped) }
            // The bus brings an instance its own events, which it ignores.
            for event in scan.events { await hub.receive(event) }
            if scan.holdsOwn { return nil }
            state.lost()
            return .notYet
        }
    }

    private func heartbeat(_ number: Int) async throws(PresenceError) -> LeaseRenewal {
        let (refreshing, reading, start) = await hub.heartbeatUsers(number, refreshSlots: refreshSlots)
        let answer = try await directory.heartbeat(await report(), refreshing: refreshing, reading: reading)
        if answer.renewal == .renewed { await hub.heartbeatAnswered(answer, reading: reading, since: start) }
        return answer.renewal
    }

    private func log(_ reaped: ReapedInstance) {
        logger.notice(
            "instance_reaped",
            metadata: [
                "reapedInstanceId": .string(reaped.instanceID), "users": .stringConvertible(reaped.users),
                "offline": .stringConvertible(reaped.offline),
            ]
        )
    }

    /// Takes this instance's users out of the directory and gives the lease up.
    package func withdraw() async {
        await hub.withdraw()
        do {
            try await directory.releaseLease()
        } catch {
            logger.debug("lease_not_released", metadata: ["error": "\(error)"])
        }
    }
}
