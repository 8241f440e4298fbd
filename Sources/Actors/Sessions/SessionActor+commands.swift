extension SessionActor {
    func perform(_ command: Command, ref: String?) {
        switch (command, state.phase) {
        case (.authenticate(let token), .awaitingToken):
            guard state.beginAuthentication() else { return }
            beginJoining { await self.authenticate(token, ref: ref) }
        case (.authenticate, _):
            refuse(RequestError(.badRequest, "AUTH is allowed only once, as the first frame of a connection without a token."), ref: ref)
        case (_, .awaitingToken):
            let error = RequestError(.unauthenticated, "The first frame must be AUTH with a token.")
            end(.unauthenticated, farewell: .error(ref: ref, error))
        case (.ping, _):
            send(.pong(ref: ref, serverTime: environment.time.now()))
        case (.presence(let command), _):
            handle(command, ref: ref)
        case (.sync(let part), _):
            guard let whole = collect(part, ref: ref) else { return }
            enqueue(CommandQueue.Item(ref: ref, command: .sync(whole), receivedAt: environment.time.uptime()))
        case (.send, _), (.conversation, _), (.typing, _):
            enqueue(CommandQueue.Item(ref: ref, command: command, receivedAt: environment.time.uptime()))
        }
    }

    private func enqueue(_ item: CommandQueue.Item) {
        guard commands.count < environment.limits.waitingCommands else {
            let error = RequestError(.rateLimited, "Too many commands wait for their answer.", retryAfter: .seconds(1))
            return turnDown(item.ref, syncHasMore: item.command.syncHasMore, error)
        }
        commands.append(item)
        switch item.command {
        case .send(let command): ownSends.begin(command.clientMessageID)
        case .sync: state.syncArrived()
        case .authenticate, .conversation, .typing, .presence, .ping: break
        }
        work()
    }

    func work() {
        guard worker == nil, !commands.isEmpty, let principal = state.livePrincipal else { return }
        worker = Task(executorPreference: executor.taskExecutor) { await self.work(by: principal) }
    }

    private func work(by principal: Principal) async {
        while !state.isClosed, let batch = commands.next() {
            await run(batch, by: principal)
            // Its time came meanwhile, and the answer was waited for.
            if state.isDrained(at: environment.time.uptime()) { end(.goingAway) }
        }
        worker = nil
    }

    private func run(_ batch: [CommandQueue.Item], by principal: Principal) async {
        guard let item = batch.first else { return }
        switch item.command {
        case .send:
            await runSends(batch, by: principal)
        case .conversation(let command):
            await answer(item.ref) { () async throws(RequestError) in
                try await self.run(command, ref: item.ref, by: principal.userID)
            }
        case .typing(let conversation, let isTyping):
            await answer(item.ref) { () async throws(RequestError) in
                try await self.environment.conversations.noteTyping(isTyping, in: conversation, by: principal.userID)
                return nil
            }
        case .sync(let command):
            await answer(item.ref) { () async throws(RequestError) in
                try await self.sync(command, ref: item.ref, by: principal.userID)
            }
            state.syncEnded(nextBy: nextSyncDeadline)
        case .authenticate, .presence, .ping:
            break
        }
    }

    private func runSends(_ batch: [CommandQueue.Item], by principal: Principal) async {
        let sends = batch.compactMap { item -> (item: CommandQueue.Item, command: SendCommand)? in
            guard case .send(let command) = item.command else { return nil }
            return (item, command)
        }
        let answers = await environment.messaging.send(sends.map(\.command), from: principal, on: executor.taskExecutor)
        for (send, answer) in zip(sends, answers) {
            var acked: Message?
            switch answer {
            case .success(let receipt):
                let isWritten = self.send(.ack(ref: send.item.ref, message: receipt.message, isDuplicate: receipt.isDuplicate))
                // Whoever wasn't written it is delivered the message, as everybody else.
                if isWritten { acked = receipt.message }
                environment.metrics.sending.acknowledged(after: environment.time.uptime() - send.item.receivedAt)
            case .failure(let error):
                self.send(.error(ref: send.item.ref, error))
            }
            noteAnswered(send.command.clientMessageID, with: acked)
        }
        // Before the loop goes on to publish and to deliver what was stored.
        outbound.flush()
    }

    /// Writes what `body` answers, or its error.
    private func answer(_ ref: String?, _ body: () async throws(RequestError) -> Event?) async {
        do {
            if let event = try await body() { send(event) }
        } catch {
            send(.error(ref: ref, error))
        }
    }

    /// - Returns: the answer; nil where it has been written.
    private func run(_ command: ConversationCommand, ref: String?, by user: UserID) async throws(RequestError) -> Event? {
        let conversations = environment.conversations
        switch command {
        case .edit(let id, let conversation, let content):
            try await conversations.edit(id, in: conversation, content: content, by: user)
        case .delete(let id, let conversation):
            try await conversations.delete(id, in: conversation, by: user)
        case .react(let id, let conversation, let emoji, let adds):
            try await conversations.react(id, in: conversation, emoji: emoji, adds: adds, by: user)
        case .read(let conversation, let seq):
            try await conversations.markRead(conversation, upTo: seq, by: user)
        case .leave(let name):
            try await conversations.leave(name, by: user)
        case .join(let name, let since):
            try await join(name, since: since, ref: ref, by: user)
            return nil
        }
        return .ack(ref: ref, message: nil, isDuplicate: false)
    }

    private func join(_ name: ChannelName, since: Int64?, ref: String?, by user: UserID) async throws(RequestError) {
        let entry = try await environment.conversations.join(name, by: user, except: connectionID)
        guard let channel = entry.channel, !state.isClosed else { return }
        let greeting: ChannelActor.Greeting
        do {
            greeting = try await channel.greet(self, of: user, since: since, ref: ref, members: entry.members)
        } catch {
            throw RequestError(error)
        }
        // The user may have left meanwhile by another session.
        let isStillIn = await self.user?.channel(name) === channel
        guard isStillIn, !state.isClosed else { return await channel.leave(connectionID) }
        switch greeting {
        case .entered(let behind):
            if let behind { lack([channel.conversation: behind]) }
        case .again(let seq):
            guard let since, since < seq else { return }
            // What is being read was asked for from another place on.
            await becomeLiveEverywhere()
            guard !state.isClosed else { return }
            catchUp.add(CatchUp.Lack(after: since, lastSeq: seq, isReplay: true), in: channel.conversation)
            bringWhatIsLacking()
        }
    }
}
