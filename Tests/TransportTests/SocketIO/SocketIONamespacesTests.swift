import Testing

@testable import Transport

@Suite("A client joins namespaces before it speaks in them")
struct SocketIONamespacesTests {
    private func make() -> SocketIONamespaces {
        SocketIONamespaces(known: ["/", "/custom"], deadline: .seconds(45))
    }

    @Test("Join, speak, leave, join again")
    func life() {
        let namespaces = Held(make())
        #expect(namespaces { $0.received(.connect, in: "/") } == .join)
        namespaces { $0.accepted("/") }
        #expect(namespaces { $0.received(.event, in: "/") } == .deliver)
        #expect(namespaces { $0.received(.ack, in: "/") } == .acknowledge)
        #expect(namespaces { $0.received(.disconnect, in: "/") } == .leave)
        #expect(namespaces { $0.received(.event, in: "/") } == .ignore)
        #expect(namespaces { $0.received(.connect, in: "/") } == .join)
    }

    @Test("Nothing else may come first, nor before the answer, nor CONNECT twice")
    func order() {
        let first = Held(make())
        #expect(first { $0.received(.event, in: "/") } == .close)
        let early = Held(make())
        #expect(early { $0.received(.connect, in: "/") } == .join)
        #expect(early { $0.received(.event, in: "/") } == .close)
        let twice = Held(make())
        #expect(twice { $0.received(.connect, in: "/") } == .join)
        twice { $0.accepted("/") }
        #expect(twice { $0.received(.connect, in: "/") } == .close)
        #expect(twice { $0.received(.event, in: "/custom") } == .close)
    }

    @Test("An unknown namespace is refused; a refused client may try again")
    func refusals() {
        let namespaces = Held(make())
        #expect(namespaces { $0.received(.connect, in: "/random") } == .refuse)
        #expect(namespaces { $0.received(.connect, in: "/") } == .join)
        namespaces { $0.ended("/") }
        #expect(namespaces { $0.received(.connect, in: "/") } == .join)
    }

    @Test("Nobody may try for ever")
    func attempts() {
        let namespaces = Held(make())
        for _ in 0..<SocketIONamespaces.joinLimit {
            #expect(namespaces { $0.received(.connect, in: "/") } == .join)
            namespaces { $0.ended("/") }
        }
        #expect(namespaces { $0.received(.connect, in: "/") } == .close)
        let elsewhere = Held(make())
        for _ in 0..<SocketIONamespaces.joinLimit { #expect(elsewhere { $0.received(.connect, in: "/random") } == .refuse) }
        #expect(elsewhere { $0.received(.connect, in: "/random") } == .close)
    }

    @Test("Who joins nothing is late")
    func late() {
        let namespaces = Held(make())
        #expect(!namespaces { $0.isLate(now: .seconds(44)) })
        #expect(namespaces { $0.isLate(now: .seconds(45)) })
        _ = namespaces { $0.received(.connect, in: "/") }
        namespaces { $0.accepted("/") }
        #expect(!namespaces { $0.isLate(now: .seconds(45)) })
    }
}
