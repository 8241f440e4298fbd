extension SocketIOApplication {
    /// The chat: every client of the main namespace is a session.
    package static func chat(loops: SessionLoops, makeSession: @escaping SocketIOSession.MakeSession) -> SocketIOApplication {
        SocketIOApplication(namespaces: [SocketIOPacket.mainNamespace]) { link in
            SocketIOSession(link: link, connectionID: loops.nextConnectionID(), makeSession: makeSession)
        }
    }
}
