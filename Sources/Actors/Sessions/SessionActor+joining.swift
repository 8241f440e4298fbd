import Logging

extension SessionActor {
    /// - Parameter ref: of the client's `AUTH`, for the error that answers it.
    func authenticate(_ token: String, ref: String?) async {
        do {
            let principal = try await environment.gate.principal(forToken: token)
            guard state.beginJoining(principal) else { return }
            await join(principal, ref: ref)
        } catch {
            end(EndReason(error), farewell: .error(ref: ref, error))
        }
    }

    /// Registers, and only then asks the store whether the session is valid: a ban that ran meanwhile has either seen the
    /// registration or is seen here. What was delivered meanwhile is read from the store.
    ///
    /// - Parameter ref: of the client's `AUTH`, for the error that answers it.
    func join(_ principal: Principal, ref: String?) async {
        self.principal = principal
        let user = await environment.registry.join(self, as: principal)
        guard !state.isClosed else {
            await environment.registry.leave(connectionID, of: principal.userID)
            return
        }
        self.user = user
        do throws(SessionRefusal) {
            do throws(StoreError) {
                try await user.prepare(self)
            } catch {
                throw .unavailable(RequestError(error))
            }
            let asked = environment.time.uptime()
            let record = try await environment.gate.confirm(principal)
            // The process may have stood still since.
            guard environment.time.uptime() - asked <= Freshness.staleAfter else {
                throw .unavailable(RequestError(StoreError(.timeout, "the answer is too old")))
            }
            lack(await user.welcome(self, welcome(Principal(record), stamp: record.stamp), stamp: record.stamp, holds: resumes))
        } catch {
            switch error {
            case .ended(let reason): end(reason, farewell: reason.farewell(ref: ref))
            case .unavailable(let error): end(.internalError, farewell: .error(ref: ref, error))
            }
        }
    }

    private func welcome(_ principal: Principal, stamp: Stamp) -> Welcome {
        Welcome(
            principal: principal,
            instanceID: environment.instanceID,
            heartbeat: environment.limits.heartbeat,
            maxFrameBytes: environment.limits.maxFrameBytes,
            serverTime: environment.time.now(),
            stamp: resumes ? nil : stamp
        )
    }

    /// Welcomes the client; what the user's actor delivers comes after.
    func goLive(_ welcome: Welcome, holds: Bool) {
        let deadline = holds ? environment.time.uptime() + environment.limits.syncTimeout : nil
        guard state.goLive(welcome.principal, syncDeadline: deadline) else { return }
        count()
        environment.logger.info("CONNECT", metadata: logIDs)
        send(.welcome(welcome))
        if let delay = state.timeLeft(at: environment.time.uptime()) { send(.goAway(reason: "drain", reconnectAfter: delay)) }
        presenceOpened(welcome.principal)
        work()
    }
}
