import Actors
import TestSupport
import Testing

@Suite("Clients hear of each loss of the bus and of its end", .timeLimit(.minutes(3)))
struct ClusterStatusTests {
    private let instance = Instance("B")

    private var teller: ClusterStatusTeller {
        ClusterStatusTeller(bus: instance.bus, registry: instance.registry)
    }

    @Test func atOnceAndInOrderHoweverShortAnOutageIs() async throws {
        let connection = await instance.connect(try await instance.register("ada"))
        for status in [BusStatus.connected, .reconnecting, .connected, .reconnecting, .connected] { instance.bus.setStatus(status) }
        instance.bus.finish()
        await teller.run()
        await connection.executor.settle()
        #expect(connection.outbound.outputs.elements.compactMap(\.isDegraded) == [true, false, true, false])
    }

    @Test(arguments: [BusStatus.reconnecting, .unreached])
    func whoComesMeanwhileHearsOfItToo(status: BusStatus) async throws {
        let early = await instance.connect(try await instance.register("ada"))
        let telling = Task { [teller] in await teller.run() }
        instance.bus.setStatus(status)
        await early.outbound.outputs.wait { $0.contains { $0.isDegraded == true } }
        let late = await instance.connect(try await instance.register("bob"))
        await late.outbound.outputs.wait { $0.contains { $0.isDegraded == true } }
        instance.bus.setStatus(.connected)
        for connection in [early, late] { await connection.outbound.outputs.wait { $0.contains { $0.isDegraded == false } } }
        instance.bus.finish()
        await telling.value
        for connection in [early, late] {
            #expect(connection.outbound.outputs.elements.compactMap(\.isDegraded) == [true, false])
        }
    }

    @Test func aSingleInstanceMissesNothing() async throws {
        instance.bus.setStatus(.disabled)
        let connection = await instance.connect(try await instance.register("ada"))
        instance.bus.finish()
        await teller.run()
        await connection.executor.settle()
        #expect(connection.outbound.outputs.elements.allSatisfy { $0.isDegraded == nil })
    }

    @Test func theFirstConnectionOfABusIsNotTold() async throws {
        let connection = await instance.connect(try await instance.register("ada"))
        instance.bus.setStatus(.connected)
        instance.bus.finish()
        await teller.run()
        await connection.executor.settle()
        #expect(connection.outbound.outputs.elements.allSatisfy { $0.isDegraded == nil })
    }
}

extension RecordingOutbound.Output {
    fileprivate var isDegraded: Bool? {
        guard case .clusterStatus(let isDegraded) = event else { return nil }
        return isDegraded
    }
}
