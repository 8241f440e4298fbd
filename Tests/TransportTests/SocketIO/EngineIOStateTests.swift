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
        var state = Self.state(.polling)
        #expect(state.pollBegan(hasWaiting: true, now: .zero) == .answer)
        #expect(state.pollBegan(hasWaiting: false, now: .zero) == .park)
        state.pollAnswered()
        #expect(state.pollBegan(hasWaiting: false, now: .zero) == .park)
        #expect(state.pollBegan(hasWaiting: false, now: .zero) == .closeAndRefuse)
        #expect(state.pollBegan(hasWaiting: false, now: .zero) == .refuse(.unknownSession))
        #expect(state.isClosed)
    }

    @Test("A GET that is cut off ends the session; one that was answered doesn't")
    func abortedPoll() {
        var state = Self.state(.polling)
        _ = state.pollBegan(hasWaiting: false, now: .zero)
        state.pollAnswered()
        let late = state.pollAborted()
        #expect(!late)
        _ = state.pollBegan(hasWaiting: false, now: .zero)
        let ended = state.pollAborted()
        #expect(ended)
        #expect(state.isClosed)
    }

    @Test("Two POSTs at once end the session")
    func posts() {
        var state = Self.state(.polling)
        #expect(state.postBegan() == .read)
        let counts = state.postEnded()
        #expect(counts)
        #expect(state.postBegan() == .read)
        #expect(state.postBegan() == .closeAndRefuse)
        #expect(state.postBegan() == .refuse(.unknownSession))
        let countsAfter = state.postEnded()
        #expect(!countsAfter)
    }

    @Test("HTTP is refused once the session is on WebSocket")
    func httpOnWebSocket() {
        var state = Self.state(.webSocket)
        #expect(state.pollBegan(hasWaiting: false, now: .zero) == .refuse(.badRequest))
        #expect(state.postBegan() == .refuse(.badRequest))
        #expect(state.transport == .webSocket)
    }

    @Test("A ping goes after the interval, the pong has to come in time, and the next interval counts from the pong")
    func heartbeat() throws {
        var state = Self.state(.webSocket)
        #expect(state.nextDeadline == .milliseconds(300))
        #expect(state.timePassed(now: .milliseconds(299)) == .none)
        #expect(state.timePassed(now: .milliseconds(300)) == .ping)
        #expect(state.timePassed(now: .milliseconds(300)) == .none)
        #expect(state.nextDeadline == .milliseconds(500))
        #expect(try state.received(EngineIOPacket(.pong), now: .milliseconds(350)) == .ignore)
        #expect(state.nextDeadline == .milliseconds(650))
        #expect(state.timePassed(now: .milliseconds(650)) == .ping)
        #expect(state.timePassed(now: .milliseconds(850)) == .timeOut)
        #expect(state.isClosed)
        #expect(state.nextDeadline == nil)
    }

    @Test("A GET after the pong was due finds no session, even where the timer is late")
    func overduePoll() {
        var state = Self.state(.polling)
        #expect(state.timePassed(now: .milliseconds(300)) == .ping)
        #expect(state.pollBegan(hasWaiting: true, now: .milliseconds(500)) == .timeOutAndRefuse)
        #expect(state.isClosed)
    }

    @Test("A client that pings breaks the protocol")
    func clientPing() {
        var state = Self.state(.webSocket)
        #expect(throws: EngineIOViolation.wrongHeartbeatDirection) { try state.received(EngineIOPacket(.ping), now: .zero) }
    }

    @Test("Messages are delivered, a close closes, the rest means nothing")
    func packets() throws {
        var state = Self.state(.webSocket)
        #expect(try state.received(EngineIOPacket(.message), now: .zero) == .deliver)
        #expect(try state.received(EngineIOPacket(binary: ByteBuffer()), now: .zero) == .deliver)
        for kind in [EngineIOPacket.Kind.open, .upgrade, .noop] {
            #expect(try state.received(EngineIOPacket(kind), now: .zero) == .ignore)
        }
        #expect(try state.received(EngineIOPacket(.close), now: .zero) == .close)
        #expect(try state.received(EngineIOPacket(.message), now: .zero) == .ignore)
    }

    @Test("A WebSocket takes over after probe, answer and upgrade")
    func upgrade() {
        var state = Self.state(.polling)
        #expect(state.pollBegan(hasWaiting: false, now: .zero) == .park)
        #expect(state.arrives())
        #expect(state.receivedOnProbe(ping) == .answer)
        state.pollAnswered()
        #expect(state.pollBegan(hasWaiting: false, now: .zero) == .answerNoop)
        #expect(state.pollBegan(hasWaiting: true, now: .zero) == .answer)
        #expect(state.receivedOnProbe(EngineIOPacket(.upgrade)) == .takeOver)
        #expect(state.transport == .webSocket)
        #expect(!state.arrives())
    }

    @Test("Anything else than probe and upgrade ends the probing connection alone")
    func strayProbe() {
        for packet in [EngineIOPacket(.message), EngineIOPacket(.upgrade), EngineIOPacket(.ping), EngineIOPacket(binary: ByteBuffer())] {
            var state = Self.state(.polling)
            #expect(state.arrives())
            #expect(state.receivedOnProbe(packet) == .abandon)
            #expect(state.transport == .polling)
            #expect(state.arrives())
        }
    }

    @Test("Only one connection may probe, and it has ten seconds")
    func probeTimeout() throws {
        var configuration = Self.configuration()
        configuration.pingInterval = .seconds(60)
        var state = EngineIOState(transport: .polling, configuration: configuration, now: .zero)
        #expect(state.arrives())
        #expect(!state.arrives())
        #expect(state.nextDeadline == .seconds(10))
        #expect(state.timePassed(now: .seconds(10)) == .abandonProbe)
        #expect(state.transport == .polling)
        #expect(state.arrives())
    }

    @Test("The server's end reaches the client over the socket, the parked GET or the next one")
    func ends() {
        var webSocket = Self.state(.webSocket)
        #expect(webSocket.end(now: .zero) == .closeSocket)
        #expect(webSocket.end(now: .zero) == .none)
        var parked = Self.state(.polling)
        _ = parked.pollBegan(hasWaiting: false, now: .zero)
        #expect(parked.end(now: .zero) == .answer)
        #expect(parked.isClosed)
        var absent = Self.state(.polling)
        #expect(absent.end(now: .zero) == .wait)
        #expect(absent.postBegan() == .refuse(.unknownSession))
        #expect(absent.pollBegan(hasWaiting: true, now: .seconds(1)) == .sayFarewell)
        #expect(absent.pollBegan(hasWaiting: true, now: .seconds(1)) == .refuse(.unknownSession))
        var gone = Self.state(.polling)
        #expect(gone.end(now: .zero) == .wait)
        #expect(gone.nextDeadline == .seconds(30))
        #expect(gone.timePassed(now: .seconds(30)) == .forget)
        #expect(gone.isClosed)
    }
}

extension EngineIOState {
    fileprivate mutating func arrives() -> Bool {
        probeArrived(now: .zero)
    }
}
