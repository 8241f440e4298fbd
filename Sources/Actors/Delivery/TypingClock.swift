/// An actor that takes back what nobody has renewed.
protocol TypingWatcher: Actor {
    var nextTypingDeadline: Duration? { get }

    func expireTyping(at now: Duration)
}

/// Waits for each deadline of a watcher until there is none.
struct TypingClock {
    let time: any TimeSource

    func run(on watcher: isolated some TypingWatcher) async {
        while let deadline = watcher.nextTypingDeadline {
            guard (try? await time.sleep(for: max(.zero, deadline - time.uptime()))) != nil else { return }
            watcher.expireTyping(at: time.uptime())
        }
    }
}
