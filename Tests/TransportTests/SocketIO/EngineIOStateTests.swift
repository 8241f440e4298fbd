import NIOCore
import Testing

@testable import Transport

@Suite("An Engine.IO session is a value: requests, heartbeat, upgrade and end")
struct EngineIOStateTests {
    private static func configuration() -> EngineIOConfiguration {
        var configuration = EngineIOConfiguration(path: "/engine.io/")
        configuration.pingInterval = .milliseconds(300)
        configuration.pingTimeout = .milliseconds(200)
        return configuration
    }

    private static func state(_ transport: EngineIOState.Transport) -> EngineIOState {
        EngineIOState(transport: transport, configuration: configuration(), now: .zero)
    }

    private let ping = EngineIOPacket(.ping, EngineIOState.probeText)

    @Test("A GET waits until there is something, and only one may wait")
    func polls() {
        let state = Held(Self.state(.polling))
        #expect(state { $0.pollBegan(hasWaiting: true, now: .zero) } == .answer)
        #expect(state { $0.pollBegan(hasWaiting: false, now: .zero) } == .park)
        state { $0.pollAnswered() }
        #expect(state { $0.pollBegan(hasWaiting: false, now: .zero) } == .park)
        #expect(state { $0.pollBegan(hasWaiting: false, now: .zero) } == .closeAndRefuse)
        #expect(state { $0.pollBegan(hasWaiting: false, now: .zero) } == .refuse(.unknownSession))
        #expect(state.isClosed)
    }

    @Test("A GET that is cut off ends the session; one that was answered doesn't")
    func abortedPoll() {
        let state = Held(Self.state(.polling))
        _ = state { $0.pollBegan(hasWaiting: false, now: .zero) }
        state { $0.pollAnswered() }
        let late = state { $0.pollAborted() }
        #expect(!late)
        _ = state { $0.pollBegan(hasWaiting: false, now: .zero) }
        let ended = state { $0.pollAborted() }
        #expect(ended)
        #expect(state.isClosed)
    }

    @Test("Two POSTs at once end the session")
    func posts() {
        let state = Held(Self.state(.polling))
        #expect(state { $0.postBegan() } == .read)
        let counts = state { $0.postEnded() }
        #expect(counts)
        #expect(state { $0.postBegan() } == .read)
        #expect(state { $0.postBegan() } == .closeAndRefuse)
        #expect(state { $0.postBegan() } == .refuse(.unknownSession))
        let countsAfter = state { $0.postEnded() }
        #expect(!countsAfter)
    }

    @Test("HTTP is refused once the session is on WebSocket")
    func httpOnWebSocket() {
        let state = Held(Self.state(.webSocket))
        #expect(state { $0.pollBegan(hasWaiting: false, now: .zero) } == .refuse(.badRequest))
        #expect(state { $0.postBegan() } == .refuse(.badRequest))
        #expect(state.transport == .webSocket)
    }

    @Test("A ping goes after the interval, the pong has to come in time, and the next interval counts from the pong")
    func heartbeat() throws {
        let state = Held(Self.state(.webSocket))
        #expect(state.nextDeadline == .milliseconds(300))
        #expect(state { $0.timePassed(now: .milliseconds(299)) } == .none)
        #expect(state { $0.timePassed(now: .milliseconds(300)) } == .ping)
        #expect(state { $0.timePassed(now: .milliseconds(300)) } == .none)
        #expect(state.nextDeadline == .milliseconds(500))
        #expect(try state { try $0.received(EngineIOPacket(.pong), now: .milliseconds(350)) } == .ignore)
        #expect(state.nextDeadline == .milliseconds(650))
        #expect(state { $0.timePassed(now: .milliseconds(650)) } == .ping)
        #expect(state { $0.timePassed(now: .milliseconds(850)) } == .timeOut)
        #expect(state.isClosed)
        #expect(state.nextDeadline == nil)
    }

    @Test("A GET after the pong was due finds no session, even where the timer is late")
    func overduePoll() {
        let state = Held(Self.state(.polling))
        #expect(state { $0.timePassed(now: .milliseconds(300)) } == .ping)
        #expect(state { $0.pollBegan(hasWaiting: true, now: .milliseconds(500)) } == .timeOutAndRefuse)
        #expect(state.isClosed)
    }

    @Test("A client that pings breaks the protocol")
    func clientPing() {
        let state = Held(Self.state(.webSocket))
        #expect(throws: EngineIOViolation.wrongHeartbeatDirection) { try state { try $0.received(EngineIOPacket(.ping), now: .zero) } }
    }

    @Test("Messages are delivered, a close closes, the rest means nothing")
    func packets() throws {
        let state = Held(Self.state(.webSocket))
        #expect(try state { try $0.received(EngineIOPacket(.message), now: .zero) } == .deliver)
        #expect(try state { try $0.received(EngineIOPacket(binary: ByteBuffer()), now: .zero) } == .deliver)
        for kind in [EngineIOPacket.Kind.open, .upgrade, .noop] {
            #expect(try state { try $0.received(EngineIOPacket(kind), now: .zero) } == .ignore)
        }
        #expect(try state { try $0.received(EngineIOPacket(.close), now: .zero) } == .close)
        #expect(try state { try $0.received(EngineIOPacket(.message), now: .zero) } == .ignore)
    }

    @Test("A WebSocket takes over after probe, answer and upgrade")
    func upgrade() {
        let state = Held(Self.state(.polling))
        #expect(state { $0.pollBegan(hasWaiting: false, now: .zero) } == .park)
        #expect(state { $0.arrives() })
        #expect(state { $0.receivedOnProbe(ping) } == .answer)
        state { $0.pollAnswered() }
        #expect(state { $0.pollBegan(hasWaiting: true, now: .zero) } == .answer)
        #expect(state { $0.pollBegan(hasWaiting: false, now: .zero) } == .parkBriefly)
        #expect(state { $0.receivedOnProbe(EngineIOPacket(.upgrade)) } == .takeOver)
        #expect(state.transport == .webSocket)
        #expect(!state { $0.arrives() })
    }

    @Test("While a WebSocket is about to take over, a GET that finds nothing waits a little before it is told so")
    func pollsWhileUpgrading() {
        let state = Held(Self.state(.polling))
        #expect(state { $0.arrives() })
        #expect(state { $0.receivedOnProbe(ping) } == .answer)
        #expect(state { $0.pollBegan(hasWaiting: false, now: .milliseconds(10)) } == .parkBriefly)
        #expect(state.nextDeadline == .milliseconds(110))
        #expect(state { $0.timePassed(now: .milliseconds(109)) } == .none)
        #expect(state { $0.timePassed(now: .milliseconds(110)) } == .answerNoop)
        state { $0.pollAnswered() }
        #expect(state.nextDeadline == .milliseconds(300))
        // One that is answered with packets leaves no deadline, nor does one that goes on waiting as nobody takes over.
        #expect(state { $0.pollBegan(hasWaiting: false, now: .milliseconds(120)) } == .parkBriefly)
        state { $0.pollAnswered() }
        #expect(state.nextDeadline == .milliseconds(300))
        #expect(state { $0.pollBegan(hasWaiting: false, now: .milliseconds(120)) } == .parkBriefly)
        state { $0.probeEnded() }
        #expect(state.nextDeadline == .milliseconds(300))
        #expect(state { $0.pollBegan(hasWaiting: false, now: .milliseconds(130)) } == .closeAndRefuse)
    }

    @Test("Anything else than probe and upgrade ends the probing connection alone")
    func strayProbe() {
        for packet in [EngineIOPacket(.message), EngineIOPacket(.upgrade), EngineIOPacket(.ping), EngineIOPacket(binary: ByteBuffer())] {
            let state = Held(Self.state(.polling))
            #expect(state { $0.arrives() })
            #expect(state { $0.receivedOnProbe(packet) } == .abandon)
            #expect(state.transport == .polling)
            #expect(state { $0.arrives() })
        }
    }

    @Test("Only one connection may probe, and it has ten seconds")
    func probeTimeout() throws {
        var configuration = Self.configuration()
        configuration.pingInterval = .seconds(60)
        let state = Held(EngineIOState(transport: .polling, configuration: configuration, now: .zero))
        #expect(state { $0.arrives() })
        #expect(!state { $0.arrives() })
        #expect(state.nextDeadline == .seconds(10))
        #expect(state { $0.timePassed(now: .seconds(10)) } == .abandonProbe)
        #expect(state.transport == .polling)
        #expect(state { $0.arrives() })
    }

    @Test("The server's end reaches the client over the socket, the parked GET or the next one")
    func ends() {
        let webSocket = Held(Self.state(.webSocket))
        #expect(webSocket { $0.end(now: .zero) } == .closeSocket)
        #expect(webSocket { $0.end(now: .zero) } == .none)
        let parked = Held(Self.state(.polling))
        _ = parked { $0.pollBegan(hasWaiting: false, now: .zero) }
        #expect(parked { $0.end(now: .zero) } == .answer)
        #expect(parked.isClosed)
        let absent = Held(Self.state(.polling))
        #expect(absent { $0.end(now: .zero) } == .wait)
        #expect(absent { $0.postBegan() } == .refuse(.unknownSession))
        #expect(absent { $0.pollBegan(hasWaiting: true, now: .seconds(1)) } == .sayFarewell)
        #expect(absent { $0.pollBegan(hasWaiting: true, now: .seconds(1)) } == .refuse(.unknownSession))
        let gone = Held(Self.state(.polling))
        #expect(gone { $0.end(now: .zero) } == .wait)
        #expect(gone.nextDeadline == .seconds(30))
        #expect(gone { $0.timePassed(now: .seconds(30)) } == .forget)
        #expect(gone.isClosed)
    }
}

extension EngineIOState {
    fileprivate mutating func arrives() -> Bool {
        probeArrived(now: .zero)
    }
}
