import Testing

@testable import Transport

@Suite("A client joins namespaces before it speaks in them")
struct SocketIONamespacesTests {
    private func make() -> SocketIONamespaces {
        SocketIONamespaces(known: ["/", "/custom"], deadline: .seconds(45))
    }

    @Test("Join, speak, leave, join again")
    func life() {
        var namespaces = make()
        #expect(namespaces.received(.connect, in: "/") == .join)
        namespaces.accepted("/")
        #expect(namespaces.received(.event, in: "/") == .deliver)
        #expect(namespaces.received(.ack, in: "/") == .ignore)
        #expect(namespaces.received(.disconnect, in: "/") == .leave)
        #expect(namespaces.received(.event, in: "/") == .ignore)
        #expect(namespaces.received(.connect, in: "/") == .join)
    }

    @Test("Nothing else may come first, nor before the answer, nor CONNECT twice")
    func order() {
        var first = make()
        #expect(first.received(.event, in: "/") == .close)
        var early = make()
        #expect(early.received(.connect, in: "/") == .join)
        #expect(early.received(.event, in: "/") == .close)
        var twice = make()
        #expect(twice.received(.connect, in: "/") == .join)
        twice.accepted("/")
        #expect(twice.received(.connect, in: "/") == .close)
        #expect(twice.received(.event, in: "/custom") == .close)
    }

    @Test("An unknown namespace is refused; a refused client may try again")
    func refusals() {
        var namespaces = make()
        #expect(namespaces.received(.connect, in: "/random") == .refuse)
        #expect(namespaces.received(.connect, in: "/") == .join)
        namespaces.ended("/")
        #expect(namespaces.received(.connect, in: "/") == .join)
    }

    @Test("Who joins nothing is late")
    func late() {
        var namespaces = make()
        #expect(!namespaces.isLate(now: .seconds(44)))
        #expect(namespaces.isLate(now: .seconds(45)))
        _ = namespaces.received(.connect, in: "/")
        namespaces.accepted("/")
        #expect(!namespaces.isLate(now: .seconds(45)))
    }
}
