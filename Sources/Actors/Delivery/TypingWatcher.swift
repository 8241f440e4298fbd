/// An actor that takes back what nobody has renewed.
protocol TypingWatcher: Actor {
    var environment: DeliveryEnvironment { get }
    var typing: TypingBoard { get set }
    /// Waits for the next deadline, while there is one.
    var typingClock: Task<Void, Never>? { get set }

    /// Nobody has said again that `entry` goes on.
    func typingEnded(_ entry: TypingBoard.Entry)
}

extension TypingWatcher {
    /// Waits for each deadline until there is none, where it isn't done already.
    func watchTyping() {
        guard typingClock == nil, !typing.isEmpty else { return }
        typingClock = Task {
            await self.awaitDeadlines()
            self.typingClock = nil
        }
    }

    private func awaitDeadlines() async {
        let time = environment.time
        while let deadline = typing.nextDeadline {
            guard (try? await time.sleep(for: max(.zero, deadline - time.uptime()))) != nil else { return }
            for entry in typing.expire(at: time.uptime()) { typingEnded(entry) }
        }
    }
}
